"""resampling: draws patients with replacement, and computes counts and AUCs of each resample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.intervals import Interval, Unit

_BLOCK = 1_000_000  # weights held at once: bounds memory for any number of scans
_ROUNDING = 1e-12  # values that differ by less are equal


class Draws(NamedTuple):
    """Times that each patient is in each resample [b, patients]; the patient of each scan [n]."""

    weights: NDArray[np.int32]
    patient: Ints


class ResampledCounts(NamedTuple):
    """Right and wrong calls in each resample [b]."""

    tp: Floats
    fp: Floats
    tn: Floats
    fn: Floats


def resample(labels: Ints, *, patients: Ints, n: int, seed: int) -> Draws:
    """Draw patients with replacement, within strata of patients with equal sets of labels.

    Parameters
    ----------
    labels, patients
        Label and patient number, shape [scans].
    n
        Number of resamples, b.
    seed
        Seed of the draws.
    """
    _, patient = np.unique(patients, return_inverse=True)
    return resample_within(_strata(labels, patient), patient=patient, n=n, seed=seed)


def resample_within(strata: Ints, *, patient: Ints, n: int, seed: int) -> Draws:
    """Draw patients with replacement within strata [patients]; else as `resample`."""
    generator = np.random.default_rng(seed)
    weights = np.zeros((n, len(strata)), dtype=np.int32)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        size = len(members)
        for rows in blocks(n, size):
            each = weights[rows]
            drawn = generator.integers(size, size=(len(each), size))
            drawn += size * np.arange(len(each))[:, None]
            counts = np.bincount(drawn.ravel(), minlength=drawn.size)
            each[:, members] = counts.reshape(drawn.shape)
    return Draws(weights, patient)


def blocks(n: int, width: int) -> Iterator[slice]:
    """Cut n resamples into blocks of as many as memory has room for, at least one."""
    rows = max(1, _BLOCK // max(1, width))
    return (slice(at, at + rows) for at in range(0, n, rows))


def resampled_counts(labels: Ints, *, calls: NDArray[np.bool_], draws: Draws) -> ResampledCounts:
    """Return the right and wrong calls of each resample.

    Parameters
    ----------
    labels, calls
        Label and whether the scan is called positive, shape [scans].
    draws
        Patients drawn, as from `resample`.
    """
    truth = labels == 1
    kinds = [truth & calls, ~truth & calls, ~truth & ~calls, truth & ~calls]
    counts = np.stack([np.bincount(draws.patient, weights=kind) for kind in kinds], axis=1)
    # whole numbers: the product is exact in any order of summation
    some = blocks(*draws.weights.shape)
    return ResampledCounts(*np.concatenate([draws.weights[rows] @ counts for rows in some]).T)


def resampled_auc(labels: Ints, *, scores: Floats, draws: Draws) -> Floats:
    """Return the Mann-Whitney AUC of each resample [b]; NaN where a class was not drawn.

    Parameters
    ----------
    labels, scores
        Label and probability of class 1, shape [scans].
    draws
        Patients drawn, as from `resample`.
    """
    positive, negative = labels == 1, labels == 0
    ordered = np.flatnonzero(negative)[np.argsort(scores[negative], kind="stable")]
    # negatives below each positive, and those below or equal
    ends = [np.searchsorted(scores[ordered], scores[positive], side) for side in ("left", "right")]
    of_positive, of_ordered = draws.patient[positive], draws.patient[ordered]
    areas = []
    for rows in blocks(len(draws.weights), len(scores)):
        some = draws.weights[rows]
        above, below = np.take(some, of_positive, axis=1), np.take(some, of_ordered, axis=1)
        areas.append(_block_auc(above, below, ends))
    return np.concatenate(areas)


def _block_auc(
    above: NDArray[np.int32], below: NDArray[np.int32], ends: list[NDArray[np.intp]]
) -> Floats:
    """Return AUCs of weights of positives [b, m] and of negatives in order of score [b, n]."""
    counted = np.zeros((len(below), below.shape[1] + 1), dtype=np.int64)
    np.cumsum(below, axis=1, out=counted[:, 1:])
    # twice the pairs, so that half pairs stay whole numbers
    won = sum(np.einsum("ij,ij->i", above, np.take(counted, end, axis=1)) for end in ends)
    pairs = above.sum(axis=1) * counted[:, -1]
    with np.errstate(invalid="ignore"):
        areas: Floats = won / (2 * pairs)
    return areas


def _strata(labels: Ints, patient: Ints) -> Ints:
    """Return 0, 1 or 2 a patient: only negative scans, only positive scans, both."""
    n_scans = np.bincount(patient)
    n_positive = np.bincount(patient, weights=labels == 1)
    strata: Ints = np.where(n_positive == 0, 0, np.where(n_positive == n_scans, 1, 2))
    return strata


def percentile_interval(
    values: Floats, *, confidence: float, unit: Unit = "patient"
) -> Interval | None:
    """Return the percentile interval of resampled values; None if none is defined or all are equal.

    Equal values come from a share of 0 or 1 or from perfect separation: resampling cannot tell how
    far the truth is from there, and an interval without width would be false.
    """
    defined = values[np.isfinite(values)]
    if defined.size == 0 or defined.max() - defined.min() <= _ROUNDING:
        return None
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high), f"bootstrap of {unit}s, {defined.size} resamples")
