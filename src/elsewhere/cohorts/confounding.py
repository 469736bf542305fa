"""confounding: how well label and site can be predicted from headers and from simple measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats.contingency import association

from elsewhere.cohorts import groups
from elsewhere.cohorts.fields import GROUPS, encoded
from elsewhere.cohorts.probe import CrossValidation, probed
from elsewhere.design.audit import Audit

POOLED = "all sites"
LEAST_PER_TEST = 25  # permutations: the smallest p is then 0.04 after Holm's adjustment
MOST_SCANS = 2000  # more scans would make the AUC more precise than this question needs


@dataclass(frozen=True)
class Question:
    """One question: predict a target (label or site) of some scans from a group of fields."""

    target: str
    place: str
    fields: str


def contingency(scans: pd.DataFrame, *, sites: list[str], n_classes: int = 2) -> dict[str, Any]:
    """Count labels by site, list sites with one class, and measure the association of both.

    Parameters
    ----------
    scans
        Columns site, patient_id, patient_key, unit, label; a unit is a group of patients that
        duplicates connect, or a patient alone.
    sites
        All sites, including those without a scan.
    n_classes
        Labels that are counted: from 0 to ``n_classes`` - 1.

    Returns
    -------
    dict
        ``sites``: patients, groups and scans by label, the first two by their highest; patients
        are None where a site publishes no patient key. ``one_class``: sites with only one label;
        ``cramers_v`` of label and site over groups, None unless there are two sites and two labels.
    """
    units = scans.groupby(["site", "unit"])["label"].max().reset_index()
    rows: list[dict[str, Any]] = []
    labels = range(n_classes)
    for site in sites:
        here = scans[scans["site"] == site]
        by_label: dict[str, pd.Series[Any]] = {
            "patients": here.groupby("patient_id")["label"].max(),
            "groups": units.loc[units["site"] == site, "label"],
            "scans": here["label"],
        }
        row: dict[str, Any] = {"site": site} | {
            f"{what}_{label}": int((found == label).sum())
            for what, found in by_label.items()
            for label in labels
        }
        if (here["patient_key"] == "none").any():
            row |= {f"patients_{label}": None for label in labels}
        rows.append(row)
    one_class = [row["site"] for row in rows if sum(row[f"scans_{k}"] > 0 for k in labels) == 1]
    table = pd.crosstab(units["site"], units["label"]).to_numpy()
    cramers_v = (
        float(association(table, method="cramer")) if min(table.shape, default=0) > 1 else None
    )
    return {"sites": rows, "one_class": one_class, "cramers_v": _rounded(cramers_v)}


def predictability(
    scans: pd.DataFrame, *, sites: list[str], settings: Audit
) -> list[dict[str, Any]]:
    """Predict label and site from headers and voxels; return the AUC and a permutation p of each.

    A linear model of categories and binned numbers is cross-validated over folds of groups of
    patients. The AUC is the mean over folds; for sites also over each site against the others. For
    p, labels are permuted among whole groups and the cross-validation is repeated.

    Parameters
    ----------
    scans
        Columns site, patient_id, patient_key, unit, label, scan_id, signature and the fields of
        `GROUPS`.
    sites
        All sites, including those without a scan.
    settings
        Folds, permutations, seed.

    Returns
    -------
    list of dict
        One per question: what (label, site), where, fields, used (fields that vary), auc, p,
        patients (None where a site publishes no patient key), groups, scans, status ("ok" or
        "undefined") and reason.
    """
    answers = []
    for target, place, rows in _targets(scans, sites):
        for fields in GROUPS:
            question = Question(target, place, fields)
            answers.append(_answer(question, _sampled(rows, settings.seed), settings))
    return answers


def enough(settings: Audit, *, n_sites: int, n_compared: int = 0) -> Audit:
    """Return settings with so many permutations that the smallest p is small after Holm's too.

    The smallest p that permutations can give is 1 / (1 + their number). Holm multiplies it by the
    number of tests, which grows with the sites and with the comparisons of the study.
    """
    tests = (n_sites + 2) * len(GROUPS) + n_compared
    permutations = max(settings.permutations, LEAST_PER_TEST * tests)
    return settings.model_copy(update={"permutations": permutations})


def _targets(scans: pd.DataFrame, sites: list[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    # a site with findings has no label that could be predicted
    labelled = scans[scans["label"].notna()]
    for site in sites:
        yield "label", site, labelled[labelled["site"] == site]
    yield "label", POOLED, labelled
    yield "site", POOLED, scans


def _sampled(scans: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return at most `MOST_SCANS` scans of randomly drawn units; row order does not matter."""
    ordered = scans.sort_values(["unit", "scan_id"], ignore_index=True)
    if len(ordered) <= MOST_SCANS:
        return ordered
    units = ordered["unit"].unique()
    turns = pd.Series(np.random.default_rng(seed).permutation(len(units)), index=units)
    by_turn = ordered.assign(turn=ordered["unit"].map(turns)).sort_values("turn", kind="stable")
    return by_turn.iloc[:MOST_SCANS].sort_values(["unit", "scan_id"], ignore_index=True)


def _answer(question: Question, scans: pd.DataFrame, settings: Audit) -> dict[str, Any]:
    names, columns = encoded(scans, question.fields, seed=settings.seed)
    by = CrossValidation(settings.folds, settings.permutations, settings.seed)
    found = probed(columns, scans[question.target], patients=scans["unit"], by=by, unit="groups")
    return {
        "what": question.target,
        "where": question.place,
        "fields": question.fields,
        "used": names,
        "auc": found["auc"],
        "p": found["p"],
        **groups.counted(scans),
        "status": found["status"],
        "reason": found["reason"],
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)
