"""words: how numbers, intervals and cells without a number are written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

NOT_RUN = "not run"
UNDEFINED = "undefined"
ONE_CLASS = "undefined: one class"
OF_AREA = "DeLong's, clustered by patient; of few patients and near 1 also Newcombe's"


def number(value: float | None, *, digits: int = 2) -> str:
    """Write a number with this many decimals; a missing one as "undefined"."""
    if value is None or math.isnan(value):
        return UNDEFINED
    return f"{value:.{digits}f}"


def p_value(value: float | None) -> str:
    """Write a p-value with three decimals, below 0.001 as ``<0.001``."""
    if value is not None and value < 0.001:
        return "<0.001"
    return number(value, digits=3)


def interval(low: float | None, high: float | None, *, digits: int = 2) -> str:
    """Write an interval as ``0.76–0.90``, or nothing when it is undefined."""
    if low is None or high is None:
        return ""
    return f"{number(low, digits=digits)}–{number(high, digits=digits)}"


def spread(mean: float | None, sd: float | None, *, digits: int = 3) -> str:
    """Write mean ± standard deviation, or nothing when there is no mean."""
    if mean is None:
        return ""
    of_sd = "" if sd is None else f" ± {number(sd, digits=digits)}"
    return number(mean, digits=digits) + of_sd


def verdict(cell: Mapping[str, Any]) -> str:
    """Return "ok", or in words why this cell has no AUC."""
    pooled = cell.get("pooled") or {}
    if cell["status"] == NOT_RUN:
        return NOT_RUN
    if pooled.get("auc") is not None:
        return "ok"
    if pooled.get("n_scans") and pooled.get("n_positive") in (0, pooled["n_scans"]):
        return ONE_CLASS
    return UNDEFINED


def area(cell: Mapping[str, Any]) -> str:
    """Write the AUC of a cell with its interval, or in words why it has none."""
    text = verdict(cell)
    if text != "ok":
        return text
    pooled = cell["pooled"]
    return f"{number(pooled['auc'])} ({interval(pooled['auc_low'], pooled['auc_high'])})"


def reason(cell: Mapping[str, Any]) -> str:
    """Return the recorded reason of a cell without an AUC."""
    pooled = cell.get("pooled") or {}
    return str(cell.get("reason") or pooled.get("reason") or "no reason was recorded")


def sizes(n_patients: int | None, n_scans: int) -> str:
    """Write how many patients and scans there are; images where patients are not known."""
    scans = "scan" if n_scans == 1 else "scans"
    if n_patients is None:
        return f"{n_scans:,} {'image' if n_scans == 1 else 'images'}"
    return f"{n_patients:,} {'patient' if n_patients == 1 else 'patients'}, {n_scans:,} {scans}"


def of_class(n_patients: int | None, n_scans: int) -> str:
    """Write patients and in brackets scans, for a table; images where patients are not known."""
    return f"{n_scans} images" if n_patients is None else f"{n_patients} ({n_scans})"


LEAK = {  # of sites that some model was trained on, and of others: their images are tested alone
    True: "image-level split: no patient keys published, so images of one patient may be in "
    "training and in test where a model was trained on the site",
    False: "no patient keys published; no model was trained on its images",
}


def keyless(trained_on: Mapping[str, bool]) -> list[str]:
    """Write the footnotes on sites without patient keys: title to whether a model trained there."""
    by_leak = {
        leak: [title for title, trained in trained_on.items() if trained == known]
        for known, leak in LEAK.items()
    }
    return [
        f"* {', '.join(titles)}: {leak}; every image counts as a patient, so intervals are too "
        "narrow and p too small."
        for leak, titles in by_leak.items()
        if titles
    ]


def tested(cell: Mapping[str, Any]) -> str:
    """Write how many test patients and scans a cell has."""
    pooled = cell.get("pooled") or {}
    if not pooled.get("n_scans"):
        return "no data here"
    return sizes(pooled["n_patients"], pooled["n_scans"])


def counts(cell: Mapping[str, Any]) -> str:
    """Write how many test patients and scans a cell has, and how many of these are positive."""
    pooled = cell.get("pooled") or {}
    positive = f"\n{pooled['n_positive']:,} positive" if pooled.get("n_scans") else ""
    return tested(cell) + positive
