"""clustered: standard errors and intervals of estimates where the scans of a patient are related.

An estimate that is smooth in the data moves by the sum of what each scan adds to it, its influence.
Sums over patients are independent, so their squares give the variance (Liang and Zeger 1986;
Huber's sandwich). The factor G / (G - 1) for G patients is that of R's `sandwich::vcovCL`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import expit, logit

from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.intervals import Interval, Unit, t_value

_ROUNDING = 1e-13  # of a sum; patients that do not differ have an error of 0

Scale = Literal["plain", "log", "logit", "log of 1 - x"]


class _Map(NamedTuple):
    """A scale: to it, its slope there, back, and the values between which it exists."""

    to: Callable[[float], float]
    slope: Callable[[float], float]
    back: Callable[[float], float]
    low: float = -np.inf
    high: float = np.inf


_MAPS: dict[Scale, _Map] = {
    "plain": _Map(lambda x: x, lambda _: 1.0, lambda z: z),
    "log": _Map(np.log, lambda x: 1 / x, np.exp, low=0),
    "logit": _Map(logit, lambda x: 1 / (x * (1 - x)), expit, low=0, high=1),
    "log of 1 - x": _Map(
        lambda x: -np.log(1 - x), lambda x: 1 / (1 - x), lambda z: 1 - np.exp(-z), high=1
    ),
}


class Clustered(NamedTuple):
    """A number with its standard error over patients, or the reason why there is none.

    Attributes
    ----------
    value
        The number; None if it is undefined.
    error
        Its standard error; None if it is undefined.
    n_patients
        Patients that the error rests on.
    reason
        Why the value is None.
    """

    value: float | None
    error: float | None = None
    n_patients: int = 0
    reason: str | None = None


def n_patients(patients: Ints) -> int:
    """Return how many patients these scans [n] are of."""
    return len(np.unique(patients))


def standard_error(influence: Floats, *, patients: Ints) -> float | None:
    """Return the standard error of an estimate from the influence of each scan on it.

    Parameters
    ----------
    influence
        What each scan adds to the error of the estimate, shape [n]; of a mean of n values it is
        (value - mean) / n.
    patients
        Patient number, shape [n].

    Returns
    -------
    float or None
        None for a single patient.
    """
    _, patient = np.unique(patients, return_inverse=True)
    sums = np.bincount(patient, weights=influence)
    if len(sums) < 2:
        return None
    error = float(np.sqrt(len(sums) / (len(sums) - 1) * np.sum(sums**2)))
    rounding = float(np.abs(influence).sum()) * _ROUNDING
    return error if error > rounding else 0.0


def mean(values: Floats, *, patients: Ints) -> Clustered:
    """Return the mean of at least one value [n] with its standard error over patients."""
    centre = float(values.mean())
    error = standard_error((values - centre) / len(values), patients=patients)
    return Clustered(centre, error, n_patients(patients))


def t_interval(
    estimate: Clustered, *, confidence: float, scale: Scale = "plain", unit: Unit = "patient"
) -> Interval | None:
    """Return the interval on a scale, by Student's t with a degree less than there are patients.

    Parameters
    ----------
    scale
        Where the interval is symmetric; on the logit scale it stays within 0 and 1, on that of the
        log above 0, on that of the log of 1 - x below 1.

    Returns
    -------
    Interval or None
        None where the value or its error is undefined, the error is 0, or the value is at the end
        of the scale.
    """
    value, error, n, _ = estimate
    of = _MAPS[scale]
    if value is None or not error or not of.low < value < of.high:
        return None
    half = t_value(confidence, n - 1) * error * of.slope(value)
    low, high = (float(of.back(of.to(value) + side * half)) for side in (-1, 1))
    on = "" if scale == "plain" else f", {scale} scale"
    return Interval(low, high, f"sandwich, clustered by {unit}, t with {n - 1} degrees{on}")
