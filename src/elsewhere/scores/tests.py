"""tests: tests whether paired runs differ: paired t, corrected t over folds, Holm's adjustment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from elsewhere.scores.discrimination import Floats, Ints

FEWEST_FOLDS = 3  # two reject more true hypotheses than the test says: benchmarks/RESULTS.md
FEW_FOLDS = f"fewer than {FEWEST_FOLDS} folds: no test over them is valid, however many seeds"
_NO_VARIANCE = 1e-24  # of values on 0..1: what is left is rounding


class Difference(NamedTuple):
    """Mean of first minus second over n pairs, its interval, t and two-sided p.

    What cannot be computed is None, and ``reason`` says why.
    """

    n: int
    mean: float | None
    low: float | None
    high: float | None
    t: float | None
    p: float | None
    reason: str | None


def paired_t(first: Floats, *, second: Floats, confidence: float) -> Difference:
    """Return the paired t-test, as if the pairs were independent (D-41, D-42).

    Runs of cross-validation are not: their training parts overlap, so p is too small. It is
    here because the paper used it, and its p is never adjusted or called small; see `corrected_t`.

    Parameters
    ----------
    first, second
        A measure of two arms in the same runs, shape [n].
    confidence
        Of the interval of the mean difference.
    """
    return _t(first - second, inflation=0.0, confidence=confidence)


def corrected_t(
    first: Floats, *, second: Floats, folds: Ints, test_to_train: float, confidence: float
) -> Difference:
    """Return the corrected resampled t-test of Nadeau & Bengio (2003) over k folds.

    The variance of the mean difference is that of one difference times ``1/k + n_test/n_train``
    instead of ``1/k``, for training parts that overlap, and t has k - 1 degrees of freedom. Seeds
    share their folds and are no further samples: a fold's difference is the mean over its seeds.
    Taken as samples, they made the test reject up to 12 % of true hypotheses at 5 %. Below
    `FEWEST_FOLDS` there is no test.

    Parameters
    ----------
    first, second
        A measure of two arms in the same runs, shape [n].
    folds
        Fold of each run, shape [n].
    test_to_train
        Scans of the test part of one run to those of its training part.
    confidence
        Of the interval of the mean difference.
    """
    names, fold = np.unique(folds, return_inverse=True)
    means = np.bincount(fold, first - second, len(names)) / np.bincount(fold, minlength=len(names))
    found = _t(means, inflation=test_to_train, confidence=confidence)
    if 0 < found.n < FEWEST_FOLDS:
        return _without_test(found.n, float(means.mean()), FEW_FOLDS)
    return found


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return Holm's (1979) adjusted p of each test of a family, in the order given.

    A test without a p stays without one and does not count in the family.
    """
    order = sorted((p, at) for at, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, at) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p))
        adjusted[at] = highest
    return adjusted


def _t(differences: Floats, *, inflation: float, confidence: float) -> Difference:
    n = len(differences)
    if n == 0:
        return Difference(0, None, None, None, None, None, "no run has both values")
    mean = float(differences.mean())
    if n == 1:
        return _without_test(n, mean, "one paired run has no variance")
    variance = float(differences.var(ddof=1))
    if variance <= _NO_VARIANCE:
        return _without_test(n, mean, "the difference is the same in all runs: no variance")
    error = math.sqrt((1 / n + inflation) * variance)
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * error
    p = 2 * float(stdtr(n - 1, -abs(mean) / error))
    return Difference(n, mean, mean - half, mean + half, mean / error, p, None)


def _without_test(n: int, mean: float, reason: str) -> Difference:
    return Difference(n, mean, None, None, None, None, reason)
