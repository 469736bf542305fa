"""confounding: how well label and site can be predicted from headers alone, without any image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata
from scipy.stats.contingency import association
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold

from elsewhere.design.audit import Audit

FIELDS = {
    "acquisition": (
        ("manufacturer", "kernel", "contrast"),
        ("spacing_z_mm", "spacing_y_mm", "spacing_x_mm", "n_slices", "rows", "columns"),
    ),
    "format": (
        ("source_format", "bits_stored", "colour_mode", "value_scale"),
        ("rows", "columns"),
    ),
}
POOLED = "all sites"
LEVELS = 8  # most ranges into which the values of a numeric field are binned
MOST_SCANS = 2000  # more scans would make the AUC more precise than this question needs

EXCHANGES = 100  # permutations of labels that are evaluated at once

Columns = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]
Units = npt.NDArray[np.intp]


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
        Columns site, unit, label; a unit is a patient, or patients that duplicates connect.
    sites
        All sites, including those without a scan.
    n_classes
        Labels that are counted: from 0 to ``n_classes`` - 1.

    Returns
    -------
    dict
        ``sites``: counts of units and scans by label; ``one_class``: sites with only one label;
        ``cramers_v`` of label and site over units, None unless there are two sites and two labels.
    """
    units = scans.groupby(["site", "unit"])["label"].max().reset_index()
    rows: list[dict[str, Any]] = []
    labels = range(n_classes)
    for site in sites:
        unit_labels, scan_labels = (
            frame[frame["site"] == site]["label"] for frame in (units, scans)
        )
        rows.append(
            {
                "site": site,
                **{f"patients_{label}": int((unit_labels == label).sum()) for label in labels},
                **{f"scans_{label}": int((scan_labels == label).sum()) for label in labels},
            }
        )
    one_class = [row["site"] for row in rows if sum(row[f"patients_{k}"] > 0 for k in labels) == 1]
    table = pd.crosstab(units["site"], units["label"]).to_numpy()
    cramers_v = (
        float(association(table, method="cramer")) if min(table.shape, default=0) > 1 else None
    )
    return {"sites": rows, "one_class": one_class, "cramers_v": _rounded(cramers_v)}


def predictability(
    scans: pd.DataFrame, *, sites: list[str], settings: Audit
) -> list[dict[str, Any]]:
    """Predict label and site from headers; return the AUC and a permutation p-value of each.

    A linear model of categories and binned numbers is cross-validated over folds of patients. The
    AUC is the mean over folds; for sites also over each site against the others. For p, labels are
    permuted among whole patients and the cross-validation is repeated.

    Parameters
    ----------
    scans
        Columns site, unit, label and those of `FIELDS`.
    sites
        All sites, including those without a scan.
    settings
        Folds, permutations, seed.

    Returns
    -------
    list of dict
        One per question: what (label, site), where, fields, used (fields that vary), auc, p,
        patients, scans, status ("ok" or "undefined") and reason.
    """
    answers = []
    for target, place, rows in _targets(scans, sites):
        for fields in FIELDS:
            question = Question(target, place, fields)
            answers.append(_answer(question, _sampled(rows, settings.seed), settings))
    return answers


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
    names, columns = _encoded(scans, question.fields)
    labels, classes = pd.factorize(scans[question.target], sort=True)
    units = pd.factorize(scans["unit"])[0]
    reason = _undefined_reason(labels, units, [str(name) for name in classes], settings.folds)
    auc = p = None
    if reason is None:
        in_folds = _Folds(columns, units, settings)
        auc = float(in_folds.auc(labels[:, None])[0]) if names else 0.5
        p = in_folds.p(labels, auc) if names else 1.0
    return {
        "what": question.target,
        "where": question.place,
        "fields": question.fields,
        "used": names,
        "auc": _rounded(auc),
        "p": _rounded(p),
        "patients": len(set(units)),
        "scans": len(scans),
        "status": "ok" if reason is None else "undefined",
        "reason": reason,
    }


def _undefined_reason(labels: Labels, units: Units, classes: list[str], folds: int) -> str | None:
    if not classes:
        return "no scan here"
    if len(classes) == 1:
        return f"one class: {classes[0]} is the label of all"
    patients = [len(set(units[labels == number])) for number in range(len(classes))]
    if min(patients) < folds:
        name = classes[patients.index(min(patients))]
        return f"too few patients: {name} has {min(patients)}, {folds} folds need {folds}"
    return None


def _encoded(scans: pd.DataFrame, fields: str) -> tuple[list[str], Columns]:
    """Return the fields that vary, and their one-hot columns, one per category or range."""
    names, numbers = FIELDS[fields]
    fields_read = {name: scans[name].astype(str) for name in names}
    fields_read |= {name: _ranges(scans[name].astype(float)) for name in numbers}
    fields_read = {name: column for name, column in fields_read.items() if column.nunique() > 1}
    if not fields_read:
        return [], np.zeros((len(scans), 0))
    return [*fields_read], pd.get_dummies(pd.DataFrame(fields_read)).to_numpy(float)


def _ranges(numbers: pd.Series[Any]) -> pd.Series[Any]:
    """Return numbers as categories: each value if there are few, else quantile ranges.

    An unknown value is a category of its own.
    """
    if numbers.nunique() > LEVELS:
        numbers = pd.qcut(numbers, LEVELS, labels=False, duplicates="drop")
    return numbers.astype(str)


class _Folds:
    """The columns of scans in folds of patients, which are drawn without regard to any label.

    The folds therefore suit permuted labels as well as the true ones, and p is exact.
    """

    def __init__(self, columns: Columns, units: Units, settings: Audit) -> None:
        self._columns = columns
        self._sizes = np.bincount(units)
        self._settings = settings
        splitter = GroupKFold(settings.folds, shuffle=True, random_state=settings.seed)
        self._folds = list(splitter.split(columns, groups=units))

    def auc(self, labels: Labels) -> Columns:
        """Return the AUC of each column of labels, int [scan, permutation].

        Ridge regression predicts each class against the others. The AUC is the mean over folds and
        classes; it leaves out a class that all or none of a fold's test scans have.
        """
        classes = [1] if labels.max() == 1 else [*range(labels.max() + 1)]
        areas = [
            _areas(
                Ridge(alpha=1.0).fit(self._columns[train], labels[train] == number),
                self._columns[test],
                labels[test] == number,
            )
            for train, test in self._folds
            for number in classes
        ]
        defined = np.ma.masked_invalid(np.stack(areas))
        return np.asarray(defined.mean(axis=0).filled(0.5), float)

    def p(self, labels: Labels, auc: float) -> float:
        """Return the p-value: the share of permutations with at least this AUC, the true one too.

        Labels are permuted among whole patients. A patient who has more scans than the patient
        whose labels it gets repeats these labels.
        """
        rng = np.random.default_rng(self._settings.seed)
        at_least_as_good, remaining = 1, self._settings.permutations
        while remaining:
            batch = min(remaining, EXCHANGES)
            exchanged = np.stack([self._exchanged(labels, rng) for _ in range(batch)], axis=1)
            at_least_as_good += int((self.auc(exchanged) >= auc - 1e-9).sum())
            remaining -= batch
        return at_least_as_good / (1 + self._settings.permutations)

    def _exchanged(self, labels: Labels, rng: np.random.Generator) -> Labels:
        first_scans = np.concatenate([[0], np.cumsum(self._sizes)[:-1]])
        others = np.repeat(rng.permutation(len(first_scans)), self._sizes)
        offsets = np.arange(len(labels)) - np.repeat(first_scans, self._sizes)
        exchanged: Labels = labels[first_scans[others] + offsets % self._sizes[others]]
        return exchanged


def _areas(model: Ridge, columns: Columns, truth: npt.NDArray[np.bool_]) -> Columns:
    """Return the AUC (Mann-Whitney U) of each column of truth; NaN if it has one class."""
    scores = model.predict(columns).reshape(truth.shape)
    ranks = rankdata(scores.round(9), axis=0)  # rounded, so that equal rows stay ties
    positive = truth.sum(axis=0)
    negative = len(truth) - positive
    with np.errstate(invalid="ignore", divide="ignore"):
        above = (ranks * truth).sum(axis=0) - positive * (positive + 1) / 2
        return np.asarray(above / (positive * negative), float)


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)
