"""amount: a number as a range with its source, or unknown with the reason; sums say what lacks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


@dataclass(frozen=True)
class Amount:
    """A range and where it comes from.

    Attributes
    ----------
    low, high
        Ends of the range, equal where the number is exact; both None if it is unknown.
    source
        Where the number comes from; of an unknown one, why it is unknown and what would tell it.
    """

    low: float | None
    high: float | None
    source: str

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return self.low is not None

    def ends(self) -> tuple[float, float]:
        """Return the range of a known amount.

        Raises
        ------
        ValueError
            If it is unknown.
        """
        if self.low is None or self.high is None:
            raise ValueError(f"unknown: {self.source}")
        return self.low, self.high

    def times(self, other: Amount | float) -> Amount:
        """Return the product; unknown if a factor is."""
        factor = other if isinstance(other, Amount) else exactly(other, "")
        for one in (self, factor):
            if not one.known:
                return one
        (low, high), (least, most) = self.ends(), factor.ends()
        return Amount(low * least, high * most, _joined([self.source, factor.source]))

    def plus(self, other: Amount) -> Amount:
        """Return the sum; unknown if a part is."""
        for one in (self, other):
            if not one.known:
                return one
        (low, high), (least, most) = self.ends(), other.ends()
        return Amount(low + least, high + most, _joined([self.source, other.source]))

    def plain(self) -> dict[str, Any]:
        """Return the amount for JSON."""
        return {"low": self.low, "high": self.high, "source": self.source}


@dataclass(frozen=True)
class Total:
    """A sum of the known parts, and what is not in it.

    Attributes
    ----------
    amount
        Sum of what is known; unknown if nothing is.
    lacking
        Names of the parts that are unknown.
    """

    amount: Amount
    lacking: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """Return the total for JSON."""
        return {**self.amount.plain(), "unknown": list(self.lacking)}


def exactly(value: float, source: str) -> Amount:
    """Return a number that is known."""
    return Amount(value, value, source)


def between(ends: Sequence[float], source: str) -> Amount:
    """Return the range from the smallest to the largest of some numbers."""
    return Amount(min(ends), max(ends), source)


def unknown(reason: str) -> Amount:
    """Return a number that nobody knows yet."""
    return Amount(None, None, reason)


def total(named: Iterable[tuple[str, Amount]]) -> Total:
    """Return the sum of named parts."""
    listed = list(named)
    known = [amount for _, amount in listed if amount.known]
    lacking = tuple(dict.fromkeys(name for name, amount in listed if not amount.known))
    if not known and listed:
        return Total(unknown(_joined([amount.source for _, amount in listed])), lacking)
    ends = [amount.ends() for amount in known]
    source = _joined([amount.source for amount in known])
    return Total(Amount(sum(e[0] for e in ends), sum(e[1] for e in ends), source), lacking)


def summed(totals: Iterable[tuple[str, Total]]) -> Total:
    """Return the sum of named totals; those that lack something are named."""
    listed = list(totals)
    lacking = [name for name, one in listed if one.lacking]
    return Total(total((name, one.amount) for name, one in listed).amount, tuple(lacking))


def size(amount: Amount | Total) -> str:
    """Return an amount of bytes in words, such as ``1.2 to 3.4 GB``."""
    return _words(amount, (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)))


def duration(amount: Amount | Total) -> str:
    """Return an amount of seconds in words, such as ``1.2 to 3.4 h``."""
    return _words(amount, (("h", HOUR_S), ("min", MINUTE_S), ("s", 1)))


def count(amount: Amount | Total) -> str:
    """Return an amount of things in words, such as ``1,200``."""
    return _words(amount, (("", 1.0),))


def _words(amount: Amount | Total, units: Sequence[tuple[str, float]]) -> str:
    of, least = (
        (amount.amount, "at least " if amount.lacking else "")
        if isinstance(amount, Total)
        else (amount, "")
    )
    if not of.known:
        return "unknown"
    low, high = of.ends()
    if high == 0:
        return f"{least}0"
    name, unit = next(((n, u) for n, u in units if high >= u), units[-1])
    texts = dict.fromkeys(_rounded(end / unit) for end in (low, high))
    return f"{least}{' to '.join(texts)} {name}".rstrip()


def _rounded(value: float) -> str:
    """Return a number with two digits, or all digits of a whole number of things."""
    if value == 0 or value >= 10 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.{max(1, 1 - math.floor(math.log10(value)))}f}"


def parts(source: str) -> list[str]:
    """Return the single sources of a product or sum."""
    return [part for part in source.split("; ") if part]


def _joined(sources: Iterable[str]) -> str:
    """Return sources as one text, each once."""
    return "; ".join(dict.fromkeys(part for source in sources for part in parts(source)))
