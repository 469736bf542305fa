"""evidence: numbers of arms by site, such as their AUCs, and the differences of two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from elsewhere.design.arm import Arm
from elsewhere.design.paths import AVERAGE, INTERNAL
from elsewhere.scores.arms import on_scans
from elsewhere.scores.cell import Predicted
from elsewhere.scores.estimates import Estimate, difference

OWN, PAIRED, APART = "of the number", "DeLong, the same scans", "as of different patients"

# arm; site, INTERNAL (the test scans of all its own sites) or AVERAGE (over all sites); finding
Key = tuple[str, str, str]


class Number(NamedTuple):
    """A metric with its interval; if published it has none."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Compared(NamedTuple):
    """One number, or the difference of two, with its interval and method; None if unknown."""

    value: float | None
    low: float | None
    high: float | None
    interval: str


@dataclass(frozen=True)
class Evidence:
    """What claims are checked on.

    Attributes
    ----------
    arms
        Arms with models of their own that were not chosen on test scans.
    numbers
        One metric of each arm by site and finding.
    predicted
        Predictions of some of these, of one finding each: with them AUCs are compared on the same
        scans.
    printed
        Whether the numbers are those that a paper prints. It prints the best, so that an arm
        without a number is not the best one; else it might be.
    """

    arms: Mapping[str, Arm]
    numbers: Mapping[Key, Number]
    confidence: float
    predicted: Mapping[Key, Predicted] = field(default_factory=dict)
    printed: bool = False

    @property
    def findings(self) -> tuple[str, ...]:
        """All findings, in the order given."""
        return tuple(dict.fromkeys(finding for _, _, finding in self.numbers))

    @property
    def external(self) -> tuple[str, ...]:
        """Sites that no arm was trained on: those on which all arms can be compared."""
        own = {site for arm in self.arms.values() for site in arm.sites}
        return tuple(
            dict.fromkeys(
                site for _, site, _ in self.numbers if site not in own | {INTERNAL, AVERAGE}
            )
        )

    def number(self, key: Key) -> Number:
        """Return a number; without a value if there is none."""
        return self.numbers.get(key, Number(None))

    def compared(self, first: Key, second: Key | None) -> Compared:
        """Return the first number minus the second, or the first alone.

        The interval of a difference of AUCs is that of DeLong's paired test where both arms have
        predictions of the same scans; else it is recovered from both intervals as of different
        patients (`estimates.difference`), which is too wide where scans are shared.
        """
        one = self.number(first)
        if second is None:
            return Compared(one.value, one.low, one.high, OWN if one.low is not None else "")
        other = self.number(second)
        if one.value is None or other.value is None:
            return Compared(None, None, None, "")
        value = one.value - other.value
        scans = self.predicted.get(first), self.predicted.get(second)
        if scans[0] is not None and scans[1] is not None:
            tested = on_scans((scans[0], scans[1]), confidence=self.confidence)
            if tested["p"] is not None:
                return Compared(value, tested["low"], tested["high"], PAIRED)
            if "difference" in tested:  # two models that rank the same scans alike
                return Compared(value, None, None, "")
        both = (Estimate(*number) for number in (one, other))
        _, low, high = difference(*both)
        return Compared(value, low, high, APART if low is not None else "")
