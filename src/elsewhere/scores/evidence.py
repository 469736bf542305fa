"""evidence: AUCs of arms on their training sites and on unseen sites, and their differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from elsewhere.design.arm import Arm
from elsewhere.design.paths import INTERNAL
from elsewhere.scores.arms import on_scans
from elsewhere.scores.cell import Predicted
from elsewhere.scores.comparisons import unpaired

OWN, PAIRED, APART = "of the AUC", "DeLong, the same scans", "as of different patients"

Key = tuple[str, str, str]  # arm, site (INTERNAL: the test scans of all its own sites), finding


class Area(NamedTuple):
    """An AUC with its interval and standard error; a published AUC has neither."""

    auc: float | None
    low: float | None = None
    high: float | None = None
    error: float | None = None


class Compared(NamedTuple):
    """One AUC, or the difference of two, with its interval and method; None if unknown."""

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
    areas
        AUC of each arm on its own sites together (`INTERNAL`) and on sites it never saw, by
        finding.
    predicted
        Predictions of some of these, of one finding each: with them arms are compared on the same
        scans.
    """

    arms: Mapping[str, Arm]
    areas: Mapping[Key, Area]
    confidence: float
    predicted: Mapping[Key, Predicted] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[str, ...]:
        """All findings, in the order given."""
        return tuple(dict.fromkeys(finding for _, _, finding in self.areas))

    @property
    def external(self) -> tuple[str, ...]:
        """Sites that no arm was trained on: those on which all arms can be compared."""
        own = {site for arm in self.arms.values() for site in arm.sites}
        return tuple(
            dict.fromkeys(site for _, site, _ in self.areas if site not in own | {INTERNAL})
        )

    def area(self, key: Key) -> Area:
        """Return an AUC; without a value if there is none."""
        return self.areas.get(key, Area(None))

    def compared(self, first: Key, second: Key | None) -> Compared:
        """Return the first AUC minus the second, or the first alone.

        The interval of a difference is that of DeLong's paired test where both arms have
        predictions of the same scans; else that of independent samples, which is exact for
        different patients and too wide where scans are shared.
        """
        first_area = self.area(first)
        if second is None:
            return Compared(
                first_area.auc,
                first_area.low,
                first_area.high,
                OWN if first_area.low is not None else "",
            )
        second_area = self.area(second)
        if first_area.auc is None or second_area.auc is None:
            return Compared(None, None, None, "")
        value = first_area.auc - second_area.auc
        scans = self.predicted.get(first), self.predicted.get(second)
        if scans[0] is not None and scans[1] is not None:
            tested = on_scans((scans[0], scans[1]), confidence=self.confidence)
            if tested["p"] is not None:
                return Compared(value, tested["low"], tested["high"], PAIRED)
        if first_area.error is None or second_area.error is None:
            return Compared(value, None, None, "")
        apart = unpaired(
            (first_area.auc, first_area.error),
            second=(second_area.auc, second_area.error),
            confidence=self.confidence,
        )
        return Compared(value, apart.low, apart.high, APART if apart.low is not None else "")
