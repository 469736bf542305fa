"""comparisons: tests the difference of two AUCs, on the same scans or on different patients."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr

from elsewhere.scores import estimates
from elsewhere.scores.delong import delong
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.estimates import Estimate
from elsewhere.scores.intervals import auc_interval, t_value, z_value

_ROUNDING = 1e-12


class Comparison(NamedTuple):
    """First minus second, interval, test statistic and two-sided p; None with a reason.

    ``df`` are the degrees of freedom of Student's t; None: the statistic is a normal z.
    """

    difference: float | None
    low: float | None
    high: float | None
    statistic: float | None
    p: float | None
    reason: str | None
    df: float | None = None


def paired(
    labels: Ints, *, first: Floats, second: Floats, patients: Ints, confidence: float
) -> Comparison:
    """Compare two models on one test set by the (clustered) paired DeLong test.

    The variance of few patients is itself uncertain: the statistic is compared with Student's t,
    whose degrees of freedom are those of the patients of both classes (Satterthwaite). If one AUC
    is 0 or 1, or a class has one patient, DeLong's variance lacks a part: then both are compared by
    `unpaired`, as if of different patients, which is too wide rather than too narrow.

    Parameters
    ----------
    labels, patients
        Label and patient number, shape [n].
    first, second
        Probability of class 1 by either model, shape [n].

    Raises
    ------
    ValueError
        If one class is missing.
    """
    if np.array_equal(first, second):
        return _without_test(0.0, "both models give the same probabilities")
    estimate = delong(labels, scores=np.stack([first, second]), patients=patients)
    spread = estimate.spread(np.array([1.0, -1.0]))
    degenerate = not {*estimate.auc.tolist()}.isdisjoint({0.0, 1.0})
    if spread is None and not degenerate and min(estimate.n_patients) > 1:
        return _without_test(0.0, "both models rank the scans alike")
    if spread is None or degenerate:
        of = [delong(labels, scores=one[None], patients=patients) for one in (first, second)]
        limits = [auc_interval(one, confidence=confidence)[:2] for one in of]
        areas = [Estimate(float(one.auc[0]), *ends) for one, ends in zip(of, limits, strict=True)]
        return unpaired(areas[0], second=areas[1], confidence=confidence)
    difference, error = float(estimate.auc[0] - estimate.auc[1]), math.sqrt(spread.variance)
    half = t_value(confidence, spread.df) * error
    low, high = max(-1.0, difference - half), min(1.0, difference + half)
    p = 2 * float(stdtr(spread.df, -abs(difference) / error))
    return Comparison(difference, low, high, difference / error, p, None, spread.df)


def unpaired(first: Estimate, *, second: Estimate, confidence: float) -> Comparison:
    """Compare numbers of different patients, such as two AUCs, by their limits.

    The interval is recovered from both (`estimates.difference`), so that there is one where a
    number has limits but no standard error, as at an AUC of 1. p is below 1 - confidence exactly
    where the interval leaves out 0: the statistic is the difference by the standard error that the
    limit on the side of 0 implies. Of limits that are symmetric this is the z test.

    Parameters
    ----------
    first, second
        Numbers with limits.
    confidence
        That of the limits.
    """
    found = estimates.difference(first, second)
    if found.value is None or found.low is None or found.high is None:
        return Comparison(found.value, None, None, None, None, "a number has no interval")
    end = found.low if found.value > 0 else found.high
    error = abs(found.value - end) / z_value(confidence)
    if error <= _ROUNDING:
        return _without_test(found.value, "the difference has no variance")
    z = found.value / error
    p = math.erfc(abs(z) / math.sqrt(2))
    return Comparison(found.value, found.low, found.high, z, p, None)


def _without_test(difference: float, reason: str) -> Comparison:
    return Comparison(difference, None, None, None, None, reason)
