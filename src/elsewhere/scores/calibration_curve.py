"""calibration_curve: the flexible calibration curve, its band over patients, and the ICI.

A local line through labels against probabilities (loess of degree 1; Austin and Steyerberg 2014,
Stat Med 33:517). The integrated calibration index is the mean distance between the curve and the
probability itself (Austin and Steyerberg 2019, Stat Med 38:4051). No kept library weights the scans
of a local line, which resampled patients need; without weights it is statsmodels'
`lowess`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.logits import Recalibration
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
    """Curves of resampled patients [b, k], NaN where no scan is near, and their ICI [b].

    ``counted`` is how many scans each place of the curve stands for [b, k].
    """

    share: Floats
    ici: Floats
    counted: Floats


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
    span
        Share of the scans that a line rests on.
    guide
        Height of the guide at these places, to which the lines through what is left are added [k].
    """

    at: Floats
    sums: Floats
    patient: Ints
    span: float
    guide: Floats

    def curve(self) -> Curve:
        """Return the curve and the ICI of all scans."""
        share, ici, _ = _drawn(self.sums.sum(axis=0, keepdims=True), self.at, self.guide)
        return Curve(self.at, share[0], float(ici[0]))

    def resampled(self, n: int, *, seed: int) -> Resampled:
        """Return the curve and the ICI of n resamples; bandwidths stay those of all scans."""
        flat, shape = self.sums.reshape(len(self.sums), -1), self.sums.shape[1:]
        parts = [
            _drawn((draws.weights @ flat).reshape(-1, *shape), self.at, self.guide)
            for draws in redrawn(self.patient, n=n, seed=seed)
        ]
        return Resampled(*(np.concatenate(of) for of in zip(*parts, strict=True)))


def local_lines(
    labels: Ints,
    *,
    scores: Floats,
    patients: Ints,
    span: float | None = None,
    guide: Recalibration | None = None,
) -> LocalLines:
    """Return what the curve of these scans is made of.

    Parameters
    ----------
    labels, scores, patients
        0 or 1, probability of class 1, and patient number, shape [n].
    span
        Share of the scans, the nearest, that a local line rests on; None: `SPAN`, or 1 of fewer
        scans than `FEW`.
    guide
        A recalibration of these scans: local lines then smooth what it leaves of the labels, and
        are added to it (Glad 1998, Scand J Stat 25:649). Where probabilities are too extreme, the
        curve bends more than lines follow near 0 and 1; the guide follows. None: there is no guide.

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
    guided, left = np.zeros(len(at)), labels.astype(np.float64)
    if guide is not None:
        guided, left = guide.apply(at), labels - guide.apply(scores)
    sums = _sums(left, scores, patient=patient, at=at, span=span)
    return LocalLines(at, sums, patient, span, guided)


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


def _sums(left: Floats, scores: Floats, *, patient: Ints, at: Floats, span: float) -> Floats:
    """Sum what the curve needs over the scans of each patient, [patients, nodes, 6].

    The last axis has the weight, times distance, times squared distance; of these the first two
    times what is left of the label; and the share of the scan that counts for the node in the mean
    distance.
    """
    n_patients = int(patient.max()) + 1
    sums = np.empty((n_patients, len(at), 6))
    for number, node in enumerate(at):
        away, weight = near(scores, float(node), span)
        of_node = (weight, weight * away, weight * away**2, weight * left, weight * away * left)
        for column, values in enumerate((*of_node, _counts_for(scores, at, number))):
            of_patient = np.bincount(patient, weights=values, minlength=n_patients)
            sums[:, number, column] = np.rint(of_patient * _EXACT) / _EXACT
    return sums


def near(scores: Floats, node: float, span: float) -> tuple[Floats, Floats]:
    """Return the distance of each scan from a node in bandwidths, and its tricube weight [n]."""
    away = scores - node
    distance = np.abs(away)
    nearest = max(2, int(span * len(scores) + 1e-10))
    bandwidth = float(np.partition(distance, nearest - 1)[nearest - 1])
    if bandwidth == 0:  # more scans than the span have this very probability
        return away, (distance == 0).astype(np.float64)
    weight: NDArray[np.float64] = np.clip(1 - (distance / bandwidth) ** 3, 0, None) ** 3
    if not weight.any():  # none is nearer than those that fill the span
        weight = (distance == bandwidth).astype(np.float64)
    return np.clip(away / bandwidth, -1, 1), weight


def _counts_for(scores: Floats, at: Floats, number: int) -> Floats:
    """Return how much each scan counts for a node: between two nodes it counts for both [n]."""
    hat = np.zeros(len(at))
    hat[number] = 1
    return np.interp(scores, at, hat)


def _drawn(sums: Floats, at: Floats, guide: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the curves [b, k], their ICI [b] and the scans of each place [b, k] of drawn patients.

    ``sums`` are over these patients [b, k, 6].
    """
    w, x, xx, y, xy, counted = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = w * xx - x**2
        line = (xx * y - x * xy) / spread
        share = np.clip(guide + np.where(spread > _NO_SPREAD * w**2, line, y / w), 0, 1)
    return share, index(share - at, counted), counted


def index(away: Floats, counted: Floats) -> Floats:
    """Return the ICI [b] of distances between curve and probability, and their scans [b, k]."""
    distance = np.where(counted > 0, np.abs(away) * counted, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = distance.sum(axis=-1) / counted.sum(axis=-1)
    return mean
