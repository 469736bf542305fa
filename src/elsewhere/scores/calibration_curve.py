"""calibration_curve: the flexible calibration curve, its band over patients, and the ICI.

A local line through labels against probabilities (loess of degree 1; Austin and Steyerberg 2014,
Stat Med 33:517). The integrated calibration index is the mean distance between the curve and the
probability itself (Austin and Steyerberg 2019, Stat Med 38:4051). No kept library weights the scans
of a local line, which the band over resampled patients needs; without weights it is statsmodels'
`lowess`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.resampling import Draws, blocks, resample_within

SPAN = 0.75  # share of the scans that a local line rests on, as R's loess by default
FEW = 100  # scans; of fewer all are used, so that a curve does not follow single ones
NODES = 31  # places at which the curve is computed where there are more distinct probabilities
_EXACT = 2.0**30  # sums are whole multiples of 1 / this: they add up the same in any order
_NO_SPREAD = 1e-6  # variance of probabilities near a node, in squares of the bandwidth


@dataclass(frozen=True)
class Curve:
    """A calibration curve.

    Attributes
    ----------
    at
        Probabilities, ascending [k].
    share
        Share of positive scans that the curve gives there, 0 to 1 [k].
    ici
        Mean distance of curve and probability over the scans.
    """

    at: Floats
    share: Floats
    ici: float


@dataclass(frozen=True)
class Resampled:
    """Curves [b, k] and their ICI [b] of resampled patients, NaN where no scan is near."""

    share: Floats
    ici: Floats


def nodes(scores: Floats) -> Floats:
    """Return where the curve is computed: at each probability, or at `NODES` quantiles of them."""
    distinct = np.unique(scores)
    if len(distinct) <= NODES:
        return distinct
    return np.unique(np.quantile(scores, np.linspace(0, 1, NODES)))


@dataclass(frozen=True)
class LocalLines:
    """Sums from which curves of any times of the patients follow.

    Attributes
    ----------
    at
        Places of the curve, ascending probabilities [k].
    sums
        Of each patient, as from `_sums` [patients, k, 6].
    patient
        Place of each scan's patient in the sums [n].
    """

    at: Floats
    sums: Floats
    patient: Ints

    def curve(self) -> Curve:
        """Return the curve and the ICI of all scans."""
        share, ici = _drawn(self.sums.sum(axis=0, keepdims=True), self.at)
        return Curve(self.at, share[0], float(ici[0]))

    def resampled(self, n: int, *, seed: int) -> Resampled:
        """Return the curve and the ICI of n resamples; bandwidths stay those of all scans."""
        flat, shape = self.sums.reshape(len(self.sums), -1), self.sums.shape[1:]
        parts = [
            _drawn((draws.weights @ flat).reshape(-1, *shape), self.at)
            for draws in redrawn(self.patient, n=n, seed=seed)
        ]
        shares, indices = zip(*parts, strict=True)
        return Resampled(np.concatenate(shares), np.concatenate(indices))


def local_lines(
    labels: Ints, *, scores: Floats, patients: Ints, span: float | None = None
) -> LocalLines:
    """Return what the curve of these scans is made of.

    Parameters
    ----------
    labels, scores, patients
        0 or 1, probability of class 1, and patient number, shape [n].
    span
        Share of the scans, the nearest, that a local line rests on; None: `SPAN`, or 1 of fewer
        scans than `FEW`.

    Raises
    ------
    ValueError
        If there are not two different probabilities.
    """
    at = nodes(scores)
    if len(at) < 2:
        raise ValueError(f"got {len(at)} different probabilities; a curve needs at least 2")
    _, patient = np.unique(patients, return_inverse=True)
    if span is None:
        span = SPAN if len(scores) >= FEW else 1.0
    return LocalLines(at, _sums(labels, scores, patient=patient, at=at, span=span), patient)


def redrawn(patient: Ints, *, n: int, seed: int) -> Iterator[Draws]:
    """Draw patients, numbered from 0 [scans], with replacement n times, in blocks.

    They are not drawn within classes: on how many patients are positive the height of a curve
    depends, and here it varies as it would in another sample of patients.
    """
    one = np.zeros(int(patient.max()) + 1, dtype=np.int64)
    some = [*blocks(n, len(one))]
    seeds = np.random.SeedSequence(seed).generate_state(len(some))
    for rows, block in zip(some, seeds, strict=True):
        size = min(rows.stop, n) - rows.start
        yield resample_within(one, patient=patient, n=size, seed=int(block))


def band(resamples: Resampled, *, confidence: float) -> tuple[Floats, Floats]:
    """Return the lower and the upper end of the pointwise band [k], by percentiles."""
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    shares = resamples.share
    # without a scan near a node a resample has no curve there; the slow function is for these
    quantile = np.nanquantile if np.isnan(shares).any() else np.quantile
    low, high = quantile(shares, ends, axis=0)
    return low, high


def _sums(labels: Ints, scores: Floats, *, patient: Ints, at: Floats, span: float) -> Floats:
    """Sum what the curve needs over the scans of each patient, [patients, nodes, 6].

    The last axis has the weight, times distance, times squared distance; of these the first two
    times the label; and the share of the scan that counts for the node in the mean distance.
    """
    n_patients = int(patient.max()) + 1
    sums = np.empty((n_patients, len(at), 6))
    for number, node in enumerate(at):
        away, weight = _near(scores, float(node), span)
        of_node = (weight, weight * away, weight * away**2, weight * labels, weight * away * labels)
        for column, values in enumerate((*of_node, _counts_for(scores, at, number))):
            of_patient = np.bincount(patient, weights=values, minlength=n_patients)
            sums[:, number, column] = np.rint(of_patient * _EXACT) / _EXACT
    return sums


def _near(scores: Floats, node: float, span: float) -> tuple[Floats, Floats]:
    """Return the distance of each scan from a node in bandwidths, and its tricube weight [n]."""
    away = scores - node
    distance = np.abs(away)
    nearest = max(2, int(span * len(scores) + 1e-10))
    bandwidth = float(np.partition(distance, nearest - 1)[nearest - 1])
    if bandwidth == 0:  # more scans than the span have this very probability
        return away, (distance == 0).astype(np.float64)
    weight: NDArray[np.float64] = np.clip(1 - (distance / bandwidth) ** 3, 0, None) ** 3
    return np.clip(away / bandwidth, -1, 1), weight


def _counts_for(scores: Floats, at: Floats, number: int) -> Floats:
    """Return how much each scan counts for a node: between two nodes it counts for both [n]."""
    hat = np.zeros(len(at))
    hat[number] = 1
    return np.interp(scores, at, hat)


def _drawn(sums: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Return the curves [b, k] and their ICI [b] of sums over drawn patients [b, k, 6]."""
    w, x, xx, y, xy, counted = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = w * xx - x**2
        line = (xx * y - x * xy) / spread
        share = np.clip(np.where(spread > _NO_SPREAD * w**2, line, y / w), 0, 1)
        away = np.where(counted > 0, np.abs(share - at) * counted, 0.0)
        return share, away.sum(axis=1) / counted.sum(axis=1)
