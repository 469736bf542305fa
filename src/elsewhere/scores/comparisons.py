"""comparisons: tests the difference of two AUCs, on the same scans or on different patients."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.intervals import delong, z_value


class Comparison(NamedTuple):
    """First AUC minus second, interval, z and two-sided p; None with a reason if no variance."""

    difference: float
    low: float | None
    high: float | None
    z: float | None
    p: float | None
    reason: str | None


def paired(
    labels: Ints, *, first: Floats, second: Floats, patients: Ints, confidence: float
) -> Comparison:
    """Compare two models on one test set by the (clustered) paired DeLong test.

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
    estimate = delong(labels, scores=np.stack([first, second]), patients=patients)
    difference = float(estimate.auc[0] - estimate.auc[1])
    if estimate.covariance is None:
        return _without_test(difference, "a class has fewer than two patients")
    contrast = np.array([1.0, -1.0])
    return _test(difference, float(contrast @ estimate.covariance @ contrast), confidence)


def unpaired(
    first: tuple[float, float], *, second: tuple[float, float], confidence: float
) -> Comparison:
    """Compare two AUCs of different patients by the z test of independent samples.

    Parameters
    ----------
    first, second
        AUC and its standard error (``auc`` and ``auc_se`` of metrics.json).
    """
    variance = first[1] ** 2 + second[1] ** 2
    return _test(first[0] - second[0], variance, confidence)


def _test(difference: float, variance: float, confidence: float) -> Comparison:
    if variance <= 1e-24:  # rounding: the two curves are the same or perfect
        return _without_test(difference, "the difference has no variance")
    error = math.sqrt(variance)
    z = difference / error
    half = z_value(confidence) * error
    low, high = max(-1.0, difference - half), min(1.0, difference + half)
    return Comparison(difference, low, high, z, math.erfc(abs(z) / math.sqrt(2)), None)


def _without_test(difference: float, reason: str) -> Comparison:
    return Comparison(difference, None, None, None, None, reason)
