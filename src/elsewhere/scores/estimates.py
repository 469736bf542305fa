"""estimates: means and differences of independent numbers, with limits recovered from theirs.

Variances of independent estimates add. Zou and Donner 2008 (Stat Med 27:1693) take them from the
limits, below and above apart. That holds for limits of any method, also unsymmetric ones; of two
shares with Wilson's limits it is Newcombe's interval of a difference (1998, method 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Estimate(NamedTuple):
    """A number with its interval; None where it is undefined, or has none."""

    value: float | None
    low: float | None = None
    high: float | None = None


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean; None if one value is missing: without it, it is the mean of others."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def average(sites: Sequence[Estimate]) -> Estimate:
    """Average numbers of sites whose patients differ, each with equal weight (A-54).

    The lower limit is mean - sqrt(sum (value - low)^2) / n, and so above. It stays within 0..1
    where the limits do.
    """
    value = mean([site.value for site in sites])
    below, above = (_squares([(site.value, getattr(site, end)) for site in sites]) for end in _ENDS)
    if value is None or below is None or above is None:
        return Estimate(value)
    return Estimate(value, value - below**0.5 / len(sites), value + above**0.5 / len(sites))


def difference(first: Estimate, second: Estimate) -> Estimate:
    """Subtract the second of two independent numbers from the first."""
    if first.value is None or second.value is None:
        return Estimate(None)
    value = first.value - second.value
    below = _squares([(first.value, first.low), (second.value, second.high)])
    above = _squares([(first.value, first.high), (second.value, second.low)])
    if below is None or above is None:
        return Estimate(value)
    return Estimate(value, value - below**0.5, value + above**0.5)


_ENDS = ("low", "high")


def _squares(pairs: Sequence[tuple[float | None, float | None]]) -> float | None:
    """Sum the squared distances from values to limits; None if one is missing."""
    squares = [
        (value - limit) ** 2 for value, limit in pairs if value is not None and limit is not None
    ]
    return sum(squares) if len(squares) == len(pairs) else None
