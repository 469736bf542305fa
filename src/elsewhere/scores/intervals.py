"""intervals: confidence intervals that treat the scans of one patient as dependent."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Floats, Ints, auc, components

Unit = Literal["patient", "image"]  # what resampling and DeLong take to be independent

_BLOCK = 1_000_000  # weights held at once: bounds memory for any number of scans
_NO_VARIANCE = 1e-12  # standard errors below this are rounding


class Interval(NamedTuple):
    """A two-sided confidence interval and the method that gave it."""

    low: float
    high: float
    method: str


class Delong(NamedTuple):
    """AUCs [k] of k models on the same scans and their covariance [k, k].

    The covariance is None when a class has fewer than two patients. ``n_pairs`` counts the disjoint
    pairs of one positive and one negative patient.
    """

    auc: Floats
    covariance: Floats | None
    n_pairs: int


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


class Shares(NamedTuple):
    """Values of each resample [b], NaN where no scan of the class was drawn."""

    accuracy: Floats
    sensitivity: Floats
    specificity: Floats


def z_value(confidence: float) -> float:
    """Return the standard normal quantile of a two-sided interval, such as 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(share: float, *, n: int, confidence: float, unit: Unit = "patient") -> Interval:
    """Return Wilson's score interval of a share among n independent patients.

    Parameters
    ----------
    unit
        What the caller numbers as patients; it is named in the method, as in all intervals here.
    """
    z2 = z_value(confidence) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = (z2 * (share * (1 - share) / n + z2 / (4 * n * n))) ** 0.5 / (1 + z2 / n)
    low = 0.0 if share == 0 else max(0.0, centre - half)
    high = 1.0 if share == 1 else min(1.0, centre + half)
    return Interval(low, high, f"Wilson, n = {n} {unit}s")


def delong(labels: Ints, *, scores: Floats, patients: Ints) -> Delong:
    """Return AUCs and their covariance by structural components summed over each patient.

    DeLong et al. 1988 with the midranks of Sun & Xu 2014; several scans of one patient are one
    cluster (Obuchowski 1997). With one scan per patient this is the plain DeLong covariance.

    Parameters
    ----------
    labels
        0 or 1, shape [n].
    scores
        Probability of class 1, shape [k, n]: one row per model.
    patients
        Patient number, shape [n].

    Raises
    ------
    ValueError
        If one class is missing.
    """
    areas = np.array([auc(labels, scores=row) for row in scores])
    positive = labels == 1
    _, cluster = np.unique(patients, return_inverse=True)
    n_all = int(cluster.max()) + 1
    n_positive, n_negative = (len(np.unique(cluster[of])) for of in (positive, ~positive))
    n_pairs = min(n_positive, n_negative, n_all // 2)
    if min(n_positive, n_negative) < 2:
        return Delong(areas, None, n_pairs)
    parts = [components(positive, scores=row, cluster=cluster) for row in scores]
    v10, v01 = np.stack(parts, axis=1)
    cross = _products(v10, v01)
    covariance = (
        n_positive / (n_positive - 1) * _products(v10, v10)
        + n_negative / (n_negative - 1) * _products(v01, v01)
        + n_all / (n_all - 1) * (cross + cross.T)
    )
    return Delong(areas, covariance, n_pairs)


def _products(first: Floats, second: Floats) -> Floats:
    """Sum products over patients [k, k]; unlike BLAS the same for any number of threads."""
    summed: Floats = np.einsum("ki,li->kl", first, second)
    return summed


def auc_interval(estimate: Delong, *, confidence: float, unit: Unit = "patient") -> Interval:
    """Return the interval of one AUC, on the logit scale.

    The logit keeps the interval within 0..1 without cutting it off and covers better than the
    plain scale when the AUC is high and patients are few. Without a variance (perfect separation,
    all scores equal, one patient in a class) DeLong gives no interval, and a width of 0 would be
    false: then the AUC is taken as the share of correctly ordered pairs among ``n_pairs`` disjoint,
    so independent, patient pairs, with Wilson's interval, which is conservative.
    """
    area, error = float(estimate.auc[0]), standard_error(estimate)
    if error is None or area in (0.0, 1.0):
        low, high, _ = wilson(area, n=max(estimate.n_pairs, 1), confidence=confidence)
        method = f"Wilson on {estimate.n_pairs} disjoint {unit} pairs: no variance"
        return Interval(low, high, method)
    centre = np.log(area / (1 - area))
    half = z_value(confidence) * error / (area * (1 - area))
    low, high = (float(1 / (1 + np.exp(-end))) for end in (centre - half, centre + half))
    return Interval(low, high, f"DeLong, clustered by {unit}, logit scale")


def standard_error(estimate: Delong) -> float | None:
    """Return DeLong's standard error of the first AUC, or None where it has no variance."""
    if estimate.covariance is None:
        return None
    error = float(np.sqrt(estimate.covariance[0, 0]))
    return error if error > _NO_VARIANCE else None


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


def resampled_shares(labels: Ints, *, calls: NDArray[np.bool_], draws: Draws) -> Shares:
    """Return accuracy, sensitivity and specificity of each resample, as `resampled_counts`."""
    tp, fp, tn, fn = resampled_counts(labels, calls=calls, draws=draws)
    with np.errstate(invalid="ignore"):
        return Shares((tp + tn) / (tp + fp + tn + fn), tp / (tp + fn), tn / (tn + fp))


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
    if defined.size == 0 or defined.min() == defined.max():
        return None
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high), f"bootstrap of {unit}s, {defined.size} resamples")
