"""intervals: confidence intervals that treat the scans of one patient as dependent."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np

from elsewhere.design.scoring import FEW_PATIENTS
from elsewhere.scores.delong import Delong

Unit = Literal["patient", "image"]  # what resampling and DeLong take to be independent

FEWEST_OUT_OF_ORDER = 5  # patients of a class; with fewer, DeLong's variance rests on too few
OR_EXACT = ", or Clopper and Pearson: the farther limits"
_EDGE = 1e-12
_HALVINGS = 50  # of a range within 0..1: to 1e-15


class Interval(NamedTuple):
    """A two-sided confidence interval and the method that gave it."""

    low: float
    high: float
    method: str


def z_value(confidence: float) -> float:
    """Return the standard normal quantile of a two-sided interval, such as 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def t_value(confidence: float, df: float) -> float:
    """Return the quantile of Student's t of a two-sided interval."""
    from scipy.special import stdtrit  # takes 0.3 s to import, which most steps save

    return float(stdtrit(df, (1 + confidence) / 2))


def wilson(share: float, *, n: float, confidence: float, unit: Unit = "patient") -> Interval:
    """Return Wilson's score interval of a share among n independent patients.

    Parameters
    ----------
    n
        A whole number, or the effective number of `shares.interval`.
    unit
        What the caller numbers as patients; it is named in the method, as in all intervals here.
    """
    z2 = z_value(confidence) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = (z2 * (share * (1 - share) / n + z2 / (4 * n * n))) ** 0.5 / (1 + z2 / n)
    low = 0.0 if share == 0 else max(0.0, centre - half)
    high = 1.0 if share == 1 else min(1.0, centre + half)
    return Interval(low, high, f"Wilson, n = {n:g} {unit}s")


def clopper_pearson(share: float, *, n: float, confidence: float) -> tuple[float, float]:
    """Return the limits of Clopper and Pearson (1934), which never cover more rarely than they say.

    Parameters
    ----------
    n
        As for `wilson`. An effective number need not be whole (Korn and Graubard 1998).
    """
    from scipy.special import betaincinv  # as in `t_value`

    hits, tail = share * n, (1 - confidence) / 2
    low = 0.0 if share == 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if share == 1 else float(betaincinv(hits + 1, n - hits, 1 - tail))
    return low, high


def share_interval(
    share: float, *, n: float, confidence: float, scarce: bool, unit: Unit = "patient"
) -> Interval:
    """Return Wilson's interval of a share, and Clopper and Pearson's where patients are few.

    Among few patients a share takes few values, and the coverage of Wilson's interval swings with
    the true one: at a nominal 0.95 it is 0.894 of 7 patients and a share of 0.645, and 0.930 of 8
    and 0.5. Then each limit is the farther one of both methods, which covers at least as often as
    it says.

    Parameters
    ----------
    n
        As for `wilson`.
    scarce
        Whether so few patients have these scans (`Scoring.few_patients`).
    """
    found = wilson(share, n=n, confidence=confidence, unit=unit)
    if not scarce:
        return found
    low, high = clopper_pearson(share, n=n, confidence=confidence)
    return Interval(min(low, found.low), max(high, found.high), f"{found.method}{OR_EXACT}")


def newcombe(area: float, *, n: tuple[int, int], confidence: float) -> tuple[float, float]:
    """Return the limits of an AUC by Newcombe's method 5 (2006), which exist at 0 and 1, too.

    They are the areas that differ from the one found by as many standard errors as the confidence
    asks, with the standard error of Hanley and McNeil at the limit, not at the estimate, and one
    number of patients, the mean of both classes, in its two terms.

    Parameters
    ----------
    n
        Positive and negative patients.
    """
    z2, more = z_value(confidence) ** 2, sum(n) / 2 - 1

    def beyond(limit: float) -> float:
        inner = 1 + more * (1 - limit) / (2 - limit) + more * limit / (1 + limit)
        return (limit - area) ** 2 - z2 * limit * (1 - limit) * inner / (n[0] * n[1])

    inside = min(max(area, _EDGE), 1 - _EDGE)  # at 0 and 1 the estimate itself is a second root
    low = 0.0 if area == 0 else _root(beyond, 0.0, inside)
    high = 1.0 if area == 1 else _root(beyond, 1.0, inside)
    return low, high


def _root(of: Callable[[float], float], above: float, below: float) -> float:
    """Return where a function, positive at the first end, changes its sign; never beyond."""
    for _ in range(_HALVINGS):
        middle = (above + below) / 2
        above, below = (middle, below) if of(middle) > 0 else (above, middle)
    return above


def auc_interval(
    estimate: Delong, *, confidence: float, unit: Unit = "patient", few: int = FEW_PATIENTS
) -> Interval:
    """Return the interval of one AUC: on the logit scale, and Newcombe's where patients are few.

    The logit keeps the interval within 0..1 without cutting it off and covers better than the
    plain scale when the AUC is high. DeLong's variance is too small where it rests on few
    patients: a class has fewer than ``few``, or fewer than `FEWEST_OUT_OF_ORDER` patients of a
    class are out of order. Then each limit is the farther one of DeLong's and Newcombe's. Without a
    variance (perfect separation, all scores equal, one patient in a class) Newcombe's are left.

    Parameters
    ----------
    few
        Patients of a class below which both are computed.
    """
    spread, area = estimate.spread(np.eye(len(estimate.auc))[0]), float(estimate.auc[0])
    outer = _newcombe(estimate, confidence, unit)
    if spread is None or area in (0.0, 1.0):
        return outer._replace(method=f"{outer.method}: no variance")
    scarce = min(estimate.n_patients) < few
    error = spread.variance**0.5 / (area * (1 - area))
    half = error * (z_value(confidence) if scarce else t_value(confidence, spread.df))
    centre = np.log(area / (1 - area))
    low, high = (float(1 / (1 + np.exp(-end))) for end in (centre - half, centre + half))
    method = f"DeLong, clustered by {unit}, logit scale"
    if not scarce and min(estimate.n_out_of_order) >= FEWEST_OUT_OF_ORDER:
        return Interval(low, high, method)
    both = f"{method}, or {outer.method}: the farther limits"
    return Interval(min(low, outer.low), max(high, outer.high), both)


def _newcombe(estimate: Delong, confidence: float, unit: Unit) -> Interval:
    m, n = estimate.n_patients
    limits = newcombe(float(estimate.auc[0]), n=(m, n), confidence=confidence)
    return Interval(*limits, f"Newcombe 5, {m} and {n} {unit}s")
