"""discrimination: ROC curves and their areas, exact, on the published grid and with dropout."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GRID: Floats = np.arange(101) / 100


class Roc(NamedTuple):
    """ROC points [k]; a scan is called positive when its probability is >= the threshold."""

    threshold: Floats
    fpr: Floats
    tpr: Floats


class Band(NamedTuple):
    """Mean and standard deviation of several ROC curves on one grid of false-positive rates [k]."""

    fpr: Floats
    tpr_mean: Floats
    tpr_sd: Floats


def undefined(labels: Ints, *, of: str = "test scans") -> str | None:
    """Return why these labels [n] have no AUC, or None if they have one (A-51)."""
    n, n_positive = len(labels), int(np.sum(labels == 1))
    if n == 0:
        return f"AUC undefined: there are no {of}"
    if n_positive in (0, n):
        which = "positive" if n_positive else "negative"
        return f"AUC undefined: all {n} {of} are {which}"
    return None


def midranks(values: Floats) -> Floats:
    """Rank values [n] from 1 to n; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks


def auc(labels: Ints, *, scores: Floats) -> float:
    """Return the exact area: P(positive > negative) + P(equal) / 2 (Mann-Whitney; A-56).

    Parameters
    ----------
    labels
        0 or 1, shape [n].
    scores
        Probability of class 1, shape [n].

    Raises
    ------
    ValueError
        If one class is missing.
    """
    positive = _positive(labels)
    m = int(positive.sum())
    n = len(labels) - m
    rank_sum = float(midranks(scores)[positive].sum())
    return (rank_sum - m * (m + 1) / 2) / (m * n)


def grid_roc(labels: Ints, *, scores: Floats) -> Roc:
    """Move the threshold from 0 to 1 in steps of 0.01: 101 points, as published (A-56).

    Raises
    ------
    ValueError
        If one class is missing.
    """
    positive = _positive(labels)
    fpr, tpr = (_share_at_least(scores[chosen]) for chosen in (~positive, positive))
    return Roc(GRID, fpr, tpr)


def grid_auc(roc: Roc) -> float:
    """Return the trapezoid area under a grid ROC, as published (A-56).

    The curve is closed at (0, 0): probabilities that saturate at 1 are still called positive at
    threshold 1, and the area left of that point would be lost.
    """
    fpr, tpr = np.append(roc.fpr, 0.0), np.append(roc.tpr, 0.0)
    return float(np.trapezoid(tpr[::-1], fpr[::-1]))


def on_grid(scores: Floats) -> Floats:
    """Return how many thresholds of the grid each score [n] reaches: what the grid can tell."""
    return np.searchsorted(GRID, scores, side="right").astype(np.float64)


def empirical_roc(labels: Ints, *, scores: Floats) -> tuple[Floats, Floats]:
    """Return the corners (fpr, tpr) of the ROC from (0, 0) to (1, 1), each [distinct + 1].

    Raises
    ------
    ValueError
        If one class is missing.
    """
    positive = _positive(labels)
    values, inverse = np.unique(-scores, return_inverse=True)
    tp = np.cumsum(np.bincount(inverse[positive], minlength=len(values)))
    fp = np.cumsum(np.bincount(inverse[~positive], minlength=len(values)))
    fpr, tpr = np.append(0, fp) / fp[-1], np.append(0, tp) / tp[-1]
    return fpr, tpr


def mean_sd(values: Floats) -> tuple[float, float | None]:
    """Return the mean and the sample standard deviation (n - 1); None for a single value."""
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else None


def band(curves: list[tuple[Floats, Floats]]) -> Band:
    """Average ROC curves, such as those of Monte-Carlo dropout passes, on one grid (A-57).

    Parameters
    ----------
    curves
        (fpr, tpr) of each of at least two curves, as from `empirical_roc`.

    Returns
    -------
    Band
        101 false-positive rates from 0 to 1; the true-positive rate at a vertical step is its top.

    Raises
    ------
    ValueError
        If there are fewer than two curves: one has no standard deviation.
    """
    if len(curves) < 2:
        raise ValueError(f"got {len(curves)} curves, a standard deviation needs at least 2")
    # np.interp takes the last of equal abscissae at the abscissa itself: the top of the step
    tpr = np.stack([np.interp(GRID, fpr, curve) for fpr, curve in curves])
    return Band(GRID, tpr.mean(axis=0), tpr.std(axis=0, ddof=1))


def _positive(labels: Ints) -> NDArray[np.bool_]:
    reason = undefined(labels)
    if reason:
        raise ValueError(f"{reason}; both classes are needed")
    positive: NDArray[np.bool_] = labels == 1
    return positive


def _share_at_least(scores: Floats) -> Floats:
    """Return the share of scores [n] that is >= each threshold of the grid, shape [101]."""
    below = np.searchsorted(np.sort(scores), GRID, side="left")
    share: Floats = (len(scores) - below) / len(scores)
    return share
