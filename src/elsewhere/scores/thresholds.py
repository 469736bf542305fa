"""thresholds: the probability from which a scan is called positive, chosen on validation data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from elsewhere.scores.discrimination import Floats, Ints

ARGMAX = 0.5


class Threshold(NamedTuple):
    """A threshold and the rule that gave it.

    A scan is positive when its probability is >= value, or, where ``above``, > value.
    """

    value: float
    rule: str
    above: bool = False


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
