"""estimates: means and differences of independent numbers, with limits recovered from theirs.

Variances of independent estimates add. Zou and Donner 2008 (Stat Med 27:1693) take them from the
limits, below and above apart. That holds for limits of any method, also unsymmetric ones; of two
shares with Wilson's limits it is Newcombe's interval of a difference (1998, method 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from elsewhere.scores.discrimination import Floats


class Estimate(NamedTuple):
    """A number with its interval; None where it is undefined, or has none."""

    value: float | None
    low: float | None = None
    high: float | None = None


def bounds(of: Estimate) -> tuple[float, float]:
    """Return the limits.

    Raises
    ------
    ValueError
        If there are none.
    """
    if of.low is None or of.high is None:
        raise ValueError(f"{of} has no limits; expected some, of parts that all have limits")
    return of.low, of.high


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean; None if one value is missing: without it, it is the mean of others."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def average(sites: Sequence[Estimate]) -> Estimate:
    """Average numbers of sites whose patients differ, each with equal weight (A-54).

    It stays within 0..1 where the limits do.
    """
    return weighted(sites, weights=[1 / len(sites)] * len(sites)) if sites else Estimate(None)


def difference(first: Estimate, second: Estimate) -> Estimate:
    """Subtract the second of two independent numbers from the first."""
    return weighted([first, second], weights=[1.0, -1.0])


def weighted(
    parts: Sequence[Estimate], *, weights: Sequence[float], correlation: Floats | None = None
) -> Estimate:
    """Return a weighted sum; without a value, or limits, where one of the parts has none.

    With ``d`` the distances of the weighted parts from their lower limits (from the upper ones
    where a weight is negative) the lower limit is the sum minus sqrt(d' R d), and so above.

    Parameters
    ----------
    correlation
        R, of the parts [k, k]; None: they are independent.
    """
    if any(part.value is None for part in parts):
        return Estimate(None)
    value = sum(weight * (part.value or 0.0) for weight, part in zip(weights, parts, strict=True))
    if any(part.low is None or part.high is None for part in parts):
        return Estimate(value)
    w, (v, low, high) = np.array(weights), np.array(parts, dtype=np.float64).T
    signs = np.sign(w)
    related = np.eye(len(w)) if correlation is None else correlation * np.outer(signs, signs)
    below, above = w * (v - np.where(w > 0, low, high)), w * (np.where(w > 0, high, low) - v)
    ends = [float(np.einsum("i,ij,j->", to, related, to)) for to in (below, above)]
    return Estimate(value, value - max(ends[0], 0.0) ** 0.5, value + max(ends[1], 0.0) ** 0.5)
