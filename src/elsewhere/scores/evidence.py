"""evidence: AUCs of arms where they were trained and elsewhere, and how two of them differ."""

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
    """An AUC with its interval and standard error; a published one is bare, a missing one None."""

    auc: float | None
    low: float | None = None
    high: float | None = None
    error: float | None = None


class Compared(NamedTuple):
    """One AUC, or the difference of two, with its interval and whose that is; None if unknown."""

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
        Those whose models are their own and were not chosen on test.
    areas
        AUC of each arm on its own sites together (`INTERNAL`) and on sites it never saw, by
        finding.
    predicted
        Predictions of some of these, of one finding each, for the test of arms on the same scans.
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
        one = self.area(first)
        if second is None:
            return Compared(one.auc, one.low, one.high, OWN if one.low is not None else "")
        other = self.area(second)
        if one.auc is None or other.auc is None:
            return Compared(None, None, None, "")
        value = one.auc - other.auc
        scans = self.predicted.get(first), self.predicted.get(second)
        if scans[0] is not None and scans[1] is not None:
            tested = on_scans((scans[0], scans[1]), confidence=self.confidence)
            if tested["p"] is not None:
                return Compared(value, tested["low"], tested["high"], PAIRED)
        if one.error is None or other.error is None:
            return Compared(value, None, None, "")
        apart = unpaired(
            (one.auc, one.error), second=(other.auc, other.error), confidence=self.confidence
        )
        return Compared(value, apart.low, apart.high, APART if apart.low is not None else "")
