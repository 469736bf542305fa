"""confounding: how well label and site can be told without looking at an image."""

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
LEVELS = 8  # a number is read as one of at most so many ranges
MOST_SCANS = 2000  # more make the AUC no more certain than its meaning is

EXCHANGES = 100  # exchanges of labels that are judged at once

Columns = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]
Units = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Question:
    """What is to be told, of which scans, from which fields."""

    what: str
    where: str
    fields: str


def contingency(scans: pd.DataFrame, *, sites: list[str]) -> dict[str, Any]:
    """Count labels at sites, flag sites of one class, and say how tied label and site are.

    Parameters
    ----------
    scans
        Columns site, unit, label; a unit is a patient, or patients that duplicates connect.
    sites
        Every site, also one without a scan.

    Returns
    -------
    dict
        ``sites``: counts of units and scans of either label; ``one_class``; ``cramers_v`` of
        label and site over units, None unless two sites and two labels are there.
    """
    people = scans.groupby(["site", "unit"])["label"].max().reset_index()
    rows: list[dict[str, Any]] = []
    for site in sites:
        of_people, of_scans = (each[each["site"] == site]["label"] for each in (people, scans))
        rows.append(
            {
                "site": site,
                **{f"patients_{label}": int((of_people == label).sum()) for label in (0, 1)},
                **{f"scans_{label}": int((of_scans == label).sum()) for label in (0, 1)},
            }
        )
    one_class = [row["site"] for row in rows if (row["patients_0"] > 0) != (row["patients_1"] > 0)]
    table = pd.crosstab(people["site"], people["label"]).to_numpy()
    tied = float(association(table, method="cramer")) if min(table.shape, default=0) > 1 else None
    return {"sites": rows, "one_class": one_class, "cramers_v": _rounded(tied)}


def told(scans: pd.DataFrame, *, sites: list[str], settings: Audit) -> list[dict[str, Any]]:
    """Tell label and site from headers: AUC over patient-wise folds, with a permutation p.

    A linear model of ranges and names, fitted without one fold's patients and judged on them; the
    mean over folds, and for sites over each against the others. For p, labels are
    exchanged among whole patients and everything is done again.

    Parameters
    ----------
    scans
        Columns site, unit, label and those of `FIELDS`.
    sites
        Every site, also one without a scan.
    settings
        Folds, permutations, seed.

    Returns
    -------
    list of dict
        One a question: what (label, site), where, fields, used (fields that vary), auc, p,
        patients, scans, status ("ok" or "undefined") and reason.
    """
    found = []
    for what, where, chosen in _asked(scans, sites):
        for fields in FIELDS:
            question = Question(what, where, fields)
            found.append(_answer(question, _drawn(chosen, settings.seed), settings))
    return found


def _asked(scans: pd.DataFrame, sites: list[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    # a site of findings has no label that could be told
    labelled = scans[scans["label"].notna()]
    for site in sites:
        yield "label", site, labelled[labelled["site"] == site]
    yield "label", POOLED, labelled
    yield "site", POOLED, scans


def _drawn(scans: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Keep whole units, drawn by the seed, up to `MOST_SCANS` scans; order does not matter."""
    ordered = scans.sort_values(["unit", "scan_id"], ignore_index=True)
    if len(ordered) <= MOST_SCANS:
        return ordered
    units = ordered["unit"].unique()
    turns = pd.Series(np.random.default_rng(seed).permutation(len(units)), index=units)
    by_turn = ordered.assign(turn=ordered["unit"].map(turns)).sort_values("turn", kind="stable")
    return by_turn.iloc[:MOST_SCANS].sort_values(["unit", "scan_id"], ignore_index=True)


def _answer(question: Question, scans: pd.DataFrame, settings: Audit) -> dict[str, Any]:
    names, columns = _encoded(scans, question.fields)
    labels, classes = pd.factorize(scans[question.what], sort=True)
    units = pd.factorize(scans["unit"])[0]
    reason = _why_not(labels, units, [str(name) for name in classes], settings.folds)
    auc = p = None
    if reason is None:
        data = _Data(columns, units, settings)
        auc = float(data.auc(labels[:, None])[0]) if names else 0.5
        p = data.p(labels, auc) if names else 1.0
    return {
        "what": question.what,
        "where": question.where,
        "fields": question.fields,
        "used": names,
        "auc": _rounded(auc),
        "p": _rounded(p),
        "patients": len(set(units)),
        "scans": len(scans),
        "status": "ok" if reason is None else "undefined",
        "reason": reason,
    }


def _why_not(labels: Labels, units: Units, classes: list[str], folds: int) -> str | None:
    if not classes:
        return "no scan here"
    if len(classes) == 1:
        return f"one class: {classes[0]} is the label of all"
    held = [len(set(units[labels == number])) for number in range(len(classes))]
    if min(held) < folds:
        name = classes[held.index(min(held))]
        return f"too few patients: {name} has {min(held)}, {folds} folds need {folds}"
    return None


def _encoded(scans: pd.DataFrame, fields: str) -> tuple[list[str], Columns]:
    """Return the fields that vary, and one column of 0 and 1 for each name or range of theirs."""
    names, numbers = FIELDS[fields]
    read = {name: scans[name].astype(str) for name in names}
    read |= {name: _ranges(scans[name].astype(float)) for name in numbers}
    read = {name: column for name, column in read.items() if column.nunique() > 1}
    if not read:
        return [], np.zeros((len(scans), 0))
    return [*read], pd.get_dummies(pd.DataFrame(read)).to_numpy(float)


def _ranges(numbers: pd.Series[Any]) -> pd.Series[Any]:
    """Read numbers as names: as they are if few, else as quantile ranges; unknown is a name too."""
    if numbers.nunique() > LEVELS:
        numbers = pd.qcut(numbers, LEVELS, labels=False, duplicates="drop")
    return numbers.astype(str)


class _Data:
    """Columns of scans in patient-wise folds, drawn without regard to any label.

    So the folds are as good for exchanged labels as for the true ones, and p is exact.
    """

    def __init__(self, columns: Columns, units: Units, settings: Audit) -> None:
        self._columns = columns
        self._sizes = np.bincount(units)
        self._settings = settings
        made = GroupKFold(settings.folds, shuffle=True, random_state=settings.seed)
        self._folds = list(made.split(columns, groups=units))

    def auc(self, labels: Labels) -> Columns:
        """Return the AUC of each column of labels, int [scan, exchange].

        Least squares with a ridge predict each class against the others; the mean over folds and
        classes, of those that a fold's test patients have and have not.
        """
        names = [1] if labels.max() == 1 else [*range(labels.max() + 1)]
        found = [
            _areas(
                Ridge(alpha=1.0).fit(self._columns[train], labels[train] == name),
                self._columns[test],
                labels[test] == name,
            )
            for train, test in self._folds
            for name in names
        ]
        kept = np.ma.masked_invalid(np.stack(found))
        return np.asarray(kept.mean(axis=0).filled(0.5), float)

    def p(self, labels: Labels, auc: float) -> float:
        """Share of exchanges of labels among whole patients that are told as well, itself included.

        The scans of one patient stand together; a patient with more scans than the other repeats
        the other's labels.
        """
        rng = np.random.default_rng(self._settings.seed)
        as_well, left = 1, self._settings.permutations
        while left:
            together = min(left, EXCHANGES)
            exchanged = np.stack([self._exchanged(labels, rng) for _ in range(together)], axis=1)
            as_well += int((self.auc(exchanged) >= auc - 1e-9).sum())
            left -= together
        return as_well / (1 + self._settings.permutations)

    def _exchanged(self, labels: Labels, rng: np.random.Generator) -> Labels:
        starts = np.concatenate([[0], np.cumsum(self._sizes)[:-1]])
        others = np.repeat(rng.permutation(len(starts)), self._sizes)
        turn = np.arange(len(labels)) - np.repeat(starts, self._sizes)
        exchanged: Labels = labels[starts[others] + turn % self._sizes[others]]
        return exchanged


def _areas(model: Ridge, columns: Columns, truth: npt.NDArray[np.bool_]) -> Columns:
    """Area under the ROC curve (Mann and Whitney) of each column of truth; NaN if one class."""
    scores = model.predict(columns).reshape(truth.shape)
    ranks = rankdata(scores.round(9), axis=0)  # rounded: equal rows are ties, whatever the sums
    positive = truth.sum(axis=0)
    negative = len(truth) - positive
    with np.errstate(invalid="ignore", divide="ignore"):
        above = (ranks * truth).sum(axis=0) - positive * (positive + 1) / 2
        return np.asarray(above / (positive * negative), float)


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)
