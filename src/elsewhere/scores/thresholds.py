"""thresholds: the probability from which a scan is called positive, chosen on validation data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.intervals import Unit
from elsewhere.scores.resampling import resample

ARGMAX = 0.5
RESAMPLES = 200  # enough for a spread, which is no interval of a result


class Spread(NamedTuple):
    """How much a threshold rests on the validation patients that chose it.

    ``low`` and ``high`` are percentiles of the thresholds that resampled patients choose; None if
    the threshold was not chosen.
    """

    n_patients: int
    low: float | None
    high: float | None
    method: str


class Threshold(NamedTuple):
    """A threshold and the rule that gave it.

    A scan is positive when its probability is >= value, or, where ``above``, > value.
    """

    value: float
    rule: str
    above: bool = False
    spread: Spread | None = None


class Scored(NamedTuple):
    """Scans with labels, 0 or 1 [n], probabilities of class 1 [n] and patient numbers [n]."""

    labels: Ints
    scores: Floats
    patients: Ints


# torch.argmax takes the first of equals: a scan of equal probabilities is negative
OF_ARGMAX = Threshold(ARGMAX, "argmax (0.5)", above=True)


def choose(labels: Ints, *, scores: Floats) -> Threshold:
    """Return the threshold that maximises accuracy on validation scans (A-52).

    Candidates are the midpoints between neighbouring distinct probabilities, and two ends that
    call every scan positive or negative. Of equally accurate candidates the nearest to 0.5 is
    taken, the lower of two equally near. A trivial optimum (one class only, or one of the ends) is
    replaced by the argmax of the output, which for two classes is 0.5.

    Parameters
    ----------
    labels
        0 or 1, shape [n].
    scores
        Probability of class 1, shape [n].
    """
    n, n_positive = len(labels), int(np.sum(labels == 1))
    if n == 0:
        return Threshold(ARGMAX, "argmax (0.5): there are no validation scans")
    if n_positive in (0, n):
        which = "positive" if n_positive else "negative"
        return Threshold(ARGMAX, f"argmax (0.5): all {n} validation scans are {which}")
    candidates = _candidates(scores)
    correct = _correct(labels, scores, candidates)
    best = np.flatnonzero(correct == correct.max())
    taken = int(best[np.argmin(np.abs(candidates[best] - ARGMAX))])
    if taken in (0, len(candidates) - 1):
        which = "positive" if taken == 0 else "negative"
        return Threshold(
            ARGMAX, f"argmax (0.5): the optimum calls all {n} validation scans {which}"
        )
    rule = f"highest accuracy on validation data: {int(correct[taken])} of {n} scans"
    return Threshold(float(candidates[taken]), rule)


def spread(
    labels: Ints,
    *,
    scores: Floats,
    patients: Ints,
    confidence: float,
    unit: Unit = "patient",
) -> Spread:
    """Return how far the threshold moves if other patients of the same kind had chosen it.

    Patients are drawn with replacement among those with scans of the same classes, and the
    threshold is chosen on them as in `choose`; a trivial optimum counts as the argmax, 0.5.

    Parameters
    ----------
    labels, scores, patients
        Label, probability of class 1 and number of the patient of each validation scan, shape [n].
    confidence
        Share of the resamples between both limits.
    unit
        What is numbered as patients.
    """
    n_patients = len(np.unique(patients))
    if len(labels) == 0 or labels.min() == labels.max():
        return Spread(n_patients, None, None, "none: the threshold was not chosen")
    draws = resample(labels, patients=patients, n=RESAMPLES, seed=0)
    values = _chosen_again(labels, scores, draws.weights[:, draws.patient])
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    method = f"percentiles of {RESAMPLES} resamples of {n_patients} validation {unit}s"
    return Spread(n_patients, float(low), float(high), method)


def _chosen_again(labels: Ints, scores: Floats, times: NDArray[np.int32]) -> Floats:
    """Return the threshold that each resample chooses, [b].

    Parameters
    ----------
    times
        How often each scan is drawn, [b, n].
    """
    distinct, place = np.unique(scores, return_inverse=True)
    if len(distinct) < 2:
        return np.full(len(times), ARGMAX)
    gained = np.zeros((len(distinct), len(times)), dtype=np.int64)
    seen = np.zeros((len(distinct), len(times)), dtype=np.int64)
    # a candidate above a value turns its positives wrong and its negatives right
    np.add.at(gained, place, (np.where(labels == 1, -1, 1) * times).T)
    np.add.at(seen, place, times.T)
    below = np.maximum.accumulate(np.where(seen, distinct[:, None], -np.inf), axis=0)[:-1]
    above = np.minimum.accumulate(np.where(seen, distinct[:, None], np.inf)[::-1], axis=0)[::-1][1:]
    outside = np.isinf(below) | np.isinf(above)  # all that is drawn lies on one side: trivial
    with np.errstate(invalid="ignore"):
        middle = np.where(outside, np.inf, below + (above - below) / 2)
    correct = gained.cumsum(axis=0)
    best = np.maximum(correct.max(axis=0), 0)  # 0 and the last: all called positive, or none
    far = np.where(correct[:-1] == best, np.abs(middle - ARGMAX), np.inf)
    taken = far.argmin(axis=0)[None]
    chosen = np.take_along_axis(middle, taken, axis=0)[0]
    hit = np.isfinite(np.take_along_axis(far, taken, axis=0)[0])
    return np.where(hit, chosen, ARGMAX)


def _candidates(scores: Floats) -> Floats:
    """Return the ascending candidates; the first calls all scans positive, the last none."""
    distinct = np.unique(scores)
    low, high = distinct[:-1], distinct[1:]
    middle = low + (high - low) / 2
    # neighbouring floats have no midpoint of their own: `high` keeps the two sides apart
    middle = np.where(middle > low, middle, high)
    return np.concatenate([[0.0], middle, [np.nextafter(1.0, 2.0)]])


def _correct(labels: Ints, scores: Floats, candidates: Floats) -> Ints:
    """Count the scans that each candidate calls correctly."""
    positive, negative = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    missed = np.searchsorted(positive, candidates, side="left")
    cleared = np.searchsorted(negative, candidates, side="left")
    counted: Ints = len(positive) - missed + cleared
    return counted
