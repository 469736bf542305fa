"""probe: how well a linear model predicts a name of each scan: cross-validated AUC and exact p."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import rankdata
from sklearn.model_selection import GroupKFold

PENALTY = 1.0  # of the squared weights of the ridge regression
EXCHANGES = 100  # permutations of labels that are evaluated at once

Columns = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]
Units = npt.NDArray[np.intp]


@dataclass(frozen=True)
class CrossValidation:
    """How a probe is tested: folds of patients, permutations of labels, and the seed of both."""

    folds: int
    permutations: int
    seed: int


def probed(
    columns: Columns,
    truth: pd.Series[Any],
    *,
    patients: pd.Series[Any],
    by: CrossValidation,
    unit: str = "patients",
) -> dict[str, Any]:
    """Return how well a linear probe predicts a name of each scan.

    Parameters
    ----------
    columns
        [scan, column], made without regard to any name; none where nothing varies.
    truth
        What is predicted of each scan: its class, or its site.
    patients
        Patient of each scan; all scans of a patient are in one fold.
    by
        Folds, permutations, seed.
    unit
        What ``patients`` numbers, in words: in the audit groups of patients.

    Returns
    -------
    dict
        auc (the mean over folds; of more than two names also over each against the others), p,
        n_scans, n_patients, status ("ok" or "undefined") and reason.
    """
    labels, names = pd.factorize(truth, sort=True)
    units = pd.factorize(patients)[0]
    counted = {"n_scans": len(labels), "n_patients": len(set(units))}
    counts = [len(set(units[labels == number])) for number in range(len(names))]
    reason = _undefined_reason(dict(zip(map(str, names), counts, strict=True)), by.folds, unit)
    if reason is not None:
        return {"auc": None, "p": None, **counted, "status": "undefined", "reason": reason}
    auc, p = 0.5, 1.0
    if columns.shape[1]:
        probe = Probe(columns, units, folds=by.folds, seed=by.seed)
        auc = float(probe.auc(labels[:, None])[0])
        p = probe.p(labels, auc, permutations=by.permutations)
    found = {"auc": round(auc, 4), "p": round(p, 6)}
    return {**found, **counted, "status": "ok", "reason": None}


class Probe:
    """The columns of scans in folds of patients, which are drawn without regard to any label.

    Folds and columns therefore suit permuted labels as well as the true ones, and p is exact.

    Parameters
    ----------
    columns
        [scan, column], made without regard to any label.
    units
        Number of the patient of each scan, from 0 on; all scans of one are in one fold.
    folds
        Parts of the cross-validation.
    seed
        Of folds and permutations.
    """

    def __init__(self, columns: Columns, units: Units, *, folds: int, seed: int) -> None:
        self._sizes = np.bincount(units)
        self._starts = np.zeros(len(self._sizes), np.intp)
        self._order = np.argsort(units, kind="stable")
        self._starts[1:] = np.cumsum(self._sizes)[:-1]
        self._seed = seed
        splitter = GroupKFold(folds, shuffle=True, random_state=seed)
        self._folds = [
            (train, test, *_solved(columns[train], columns[test]))
            for train, test in splitter.split(columns, groups=units)
        ]

    def auc(self, labels: Labels) -> Columns:
        """Return the AUC of each column of labels, int [scan, permutation].

        Ridge regression predicts each class against the others. The AUC is the mean over folds and
        classes; it leaves out a class that all or none of a fold's test scans have.
        """
        classes = [1] if labels.max() == 1 else [*range(labels.max() + 1)]
        found = [
            areas(
                shown @ (solution @ (labels[train] == number).astype(float)), labels[test] == number
            )
            for train, test, solution, shown in self._folds
            for number in classes
        ]
        defined = np.ma.masked_invalid(np.stack(found))
        return np.asarray(defined.mean(axis=0).filled(0.5), float)

    def p(self, labels: Labels, auc: float, *, permutations: int) -> float:
        """Return the p-value: the share of permutations with at least this AUC, the true one too.

        Labels are permuted among whole patients. A patient who has more scans than the patient
        whose labels it gets repeats these labels.
        """
        rng = np.random.default_rng(self._seed)
        at_least_as_good, remaining = 1, permutations
        while remaining:
            batch = min(remaining, EXCHANGES)
            exchanged = np.stack([self._exchanged(labels, rng) for _ in range(batch)], axis=1)
            at_least_as_good += int((self.auc(exchanged) >= auc - 1e-9).sum())
            remaining -= batch
        return at_least_as_good / (1 + permutations)

    def _exchanged(self, labels: Labels, rng: np.random.Generator) -> Labels:
        others = np.repeat(rng.permutation(len(self._sizes)), self._sizes)
        offsets = np.arange(len(labels)) - np.repeat(self._starts, self._sizes)
        exchanged = np.empty_like(labels)
        source = self._order[self._starts[others] + offsets % self._sizes[others]]
        exchanged[self._order] = labels[source]
        return exchanged


def areas(scores: Columns, truth: npt.NDArray[np.bool_]) -> Columns:
    """Return the AUC (Mann-Whitney U) of each column of truth; NaN if it has one class."""
    ranks = rankdata(scores.round(9), axis=0)  # rounded, so that equal rows stay ties
    positive = truth.sum(axis=0)
    negative = len(truth) - positive
    with np.errstate(invalid="ignore", divide="ignore"):
        above = (ranks * truth).sum(axis=0) - positive * (positive + 1) / 2
        return np.asarray(above / (positive * negative), float)


def _undefined_reason(counts: Mapping[str, int], folds: int, unit: str) -> str | None:
    """Return why nothing can be told from so few units of each name; None if it can."""
    if not counts:
        return "no scan here"
    if len(counts) == 1:
        return f"one class: {next(iter(counts))} is the label of all"
    name = min(counts, key=lambda known: counts[known])
    if counts[name] < folds:
        return f"too few {unit}: {name} has {counts[name]}, {folds} folds need {folds}"
    return None


def _solved(train: Columns, test: Columns) -> tuple[Columns, Columns]:
    """Return what turns labels of training scans into weights, and the centred test columns.

    Ridge regression is linear in the labels, so one solution [column, scan] serves all
    permutations. Columns are centred on the training scans; an intercept would not change the
    order of scores.
    """
    mean = train.mean(axis=0)
    centred = train - mean
    normal = centred.T @ centred
    normal[np.diag_indices_from(normal)] += PENALTY
    return np.asarray(cho_solve(cho_factor(normal), centred.T)), test - mean
