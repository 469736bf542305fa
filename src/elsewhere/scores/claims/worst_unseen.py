"""worst_unseen: an arm of one site is at its worst on one unseen site, the worst pair of all."""

from __future__ import annotations

from elsewhere.scores.claim import ClaimKind
from elsewhere.scores.claim_parts import Answer, Pairs, above, singles, sites
from elsewhere.scores.evidence import Evidence


class WorstUnseen(ClaimKind):
    """Checks that an arm of one site is at its worst on one unseen site, the worst pair of all."""

    def pairs(self, evidence: Evidence, finding: str) -> Pairs:
        """Yield the numbers that are compared."""
        trained, tested = self.at
        alone = singles(evidence)
        for worst in (arm for arm, own in alone.items() if own == trained):
            for arm, own in alone.items():
                for site in sites(evidence):
                    if site != own and (arm, site) != (worst, tested):
                        yield (arm, site, finding), (worst, tested, finding)

    def answer(
        self, value: float, low: float | None, high: float | None, *, limit: float
    ) -> Answer:
        """Say whether a value supports the claim, and whether its whole interval does."""
        return above(value, low, high, limit)
