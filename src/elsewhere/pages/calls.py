"""calls: the test scans of a cell, each with what the models of its arm say of it.

The calls are those that the confusion matrix of the cell counts (`scores.cases`): as many are wrong
as its false positives and false negatives together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.design import paths
from elsewhere.figures.given import Given
from elsewhere.pages.results import NotThere, Results
from elsewhere.scores import cases, predictions
from elsewhere.scores.matrix import TOGETHER

SHOWN = ("category", "sub_site", "scanner", "view")  # what scans are chosen by, beside calls
KEPT = ("sex", "age", "n_slices")


@dataclass(frozen=True)
class Calls:
    """The test scans of a cell.

    Attributes
    ----------
    scans
        A row a scan, the wrong ones first, then those farthest from the threshold: scan_id,
        patient_id, label, call, probability (mean over models), least, most, distance (from the
        threshold, mean over models), models, wrong (number of models), and of the manifest
        category, sub_site, scanner, view, sex, age, n_slices, hidden.
    choices
        Values of label and of `SHOWN` that scans have, where there are several: value to count.
    """

    scans: pd.DataFrame
    choices: Mapping[str, Mapping[str, int]]

    @property
    def wrong(self) -> int:
        """Number of wrong calls, of every model."""
        return int(self.scans["wrong"].sum())

    @property
    def models(self) -> int:
        """Most models that called one scan."""
        return int(self.scans["models"].max()) if len(self.scans) else 0


def read(results: Results, given: Given, *, at: tuple[str, str], finding: str) -> Calls:
    """Return the test scans of a cell.

    Parameters
    ----------
    results, given
        The artefacts, and what the figures of the study are given.
    at
        Arm, and row of the test site.
    finding
        Finding or class; ``TOGETHER``: all classes at once; empty where scans have one label.

    Raises
    ------
    NotThere
        If predictions are missing, or are not those that were scored.
    """
    study = given.job.wildcards["study"]
    file = results.root / paths.cell(study, *at, "predictions.parquet")
    metrics = results.root / paths.cell(study, *at, "metrics.json")
    about = results.root / paths.scans(at[1])["manifest"]
    return results.tables.of(
        ("calls", study, at, finding),
        [file, metrics, about],
        lambda: _read(results, given, at, finding),
    )


def _read(results: Results, given: Given, at: tuple[str, str], finding: str) -> Calls:
    study = given.job.wildcards["study"]
    file = results.root / paths.cell(study, *at, "predictions.parquet")
    if not file.is_file():
        raise NotThere("The predictions of this cell are not on this machine.")
    one = finding if finding and not given.exclusive else None
    rows, metadata = predictions.read(file, finding=one)
    if metadata["status"] != "ok":
        raise NotThere(f"This cell was not run: {metadata.get('reason') or 'no reason is known'}.")
    try:
        each = _each(rows, given, at, finding)
    except (cases.CasesError, KeyError) as error:
        raise NotThere(
            "The scans of this cell cannot be listed: its predictions are not those that were "
            "scored. A run of the pipeline may be at work, or a second stage scored some alone."
        ) from error
    scans = _by_scan(each, names=names(given, finding))
    return _with_manifest(scans, results, at[1])


def _each(rows: pd.DataFrame, given: Given, at: tuple[str, str], finding: str) -> pd.DataFrame:
    """Return a row a call: of each model and test scan."""
    if finding == TOGETHER:
        return cases.most_probable(rows, classes=given.exclusive)
    cell = given.each[finding].cells[at]
    return cases.each_call(rows, cell=cell, classes=given.exclusive)


def names(given: Given, finding: str) -> tuple[str, str] | None:
    """Return what label 0 and 1 are called; None where labels are names."""
    if finding == TOGETHER:
        return None
    if not finding:
        classes = given.settings.classes
        return classes[0], classes[1]
    return ("another class", finding) if given.exclusive else ("absent", "present")


def _by_scan(each: pd.DataFrame, *, names: tuple[str, str] | None) -> pd.DataFrame:
    """Return a row a scan from a row a call."""
    if names is None:
        labels = called = sorted({*each["label"], *each["call"]})
        marked = each.assign(wrong=each["label"] != each["call"])
    else:
        labels, called = [*names], [*names]
        marked = each.assign(wrong=each["call"] != (each["label"] == 1))
        for name in ("label", "call"):
            marked[name] = np.array(names, dtype=object)[marked[name].astype(int)]
    marked = marked.assign(distance=marked["margin"].abs())
    if not marked["scan_id"].duplicated().any():
        scans = marked.assign(models=1, least=marked["probability_1"], most=marked["probability_1"])
        scans = scans.rename(columns={"probability_1": "probability"})
    else:
        scans = _joined(marked)
    kinds = {"label": labels, "call": called}
    for name, values in kinds.items():
        scans[name] = pd.Categorical(scans[name], categories=values)
    scans["wrong"] = scans["wrong"].astype("int64")
    return scans


def _joined(marked: pd.DataFrame) -> pd.DataFrame:
    """Return a row a scan where several models call it: the call is that of most of them."""
    scans = (
        marked.assign(margin=marked["margin"].astype("float64"))
        .groupby("scan_id", sort=True)
        .agg(
            patient_id=("patient_id", "first"),
            label=("label", "first"),
            probability=("probability_1", "mean"),
            least=("probability_1", "min"),
            most=("probability_1", "max"),
            distance=("margin", "mean"),
            models=("wrong", "size"),
            wrong=("wrong", "sum"),
        )
    )
    votes = pd.crosstab(marked["scan_id"], marked["call"])
    scans["call"] = votes.columns.to_numpy()[votes.to_numpy().argmax(axis=1)]
    scans["distance"] = scans["distance"].abs()
    return scans.reset_index()


def _with_manifest(scans: pd.DataFrame, results: Results, site: str) -> Calls:
    """Add what the manifest says of each scan, and order them."""
    table = results.manifest(site).set_index("scan_id")
    known = table.reindex(scans["scan_id"])
    for name in ("category", "sub_site", "view", *KEPT):
        scans[name] = known[name].to_numpy()
    maker = known["manufacturer"].fillna("unknown").to_numpy()
    kernel = known["kernel"].fillna("unknown").to_numpy()
    scans["scanner"] = [
        one if other in ("unknown", "none", "") else f"{one}, {other}"
        for one, other in zip(maker, kernel, strict=True)
    ]
    for name in SHOWN:
        scans[name] = scans[name].fillna("unknown").astype("category")
    scans["hidden"] = scans["scan_id"].isin(results.hidden(site))
    order = ["wrong", "distance", "scan_id"]
    scans = scans.sort_values(order, ascending=[False, False, True], ignore_index=True)
    return Calls(scans, {name: _choices(scans[name]) for name in ("label", *SHOWN)})


def _choices(column: pd.Series[Any]) -> dict[str, int]:
    counts = column.value_counts(sort=False)
    found = {str(value): int(count) for value, count in counts.items() if count}
    return found if len(found) > 1 else {}
