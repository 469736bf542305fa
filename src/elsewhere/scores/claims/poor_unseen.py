"""poor_unseen: arms of one site are poor on sites that they never saw."""

from __future__ import annotations

from elsewhere.scores.claim import ClaimKind
from elsewhere.scores.claim_parts import Answer, Pairs, below, singles
from elsewhere.scores.evidence import Evidence


class PoorUnseen(ClaimKind):
    """Checks that arms of one site are poor on sites that they never saw."""

    def pairs(self, evidence: Evidence, finding: str) -> Pairs:
        """Yield the numbers that are compared."""
        for arm, own in singles(evidence).items():
            for site in self.at:
                if site != own:
                    yield (arm, site, finding), None

    def answer(
        self, value: float, low: float | None, high: float | None, *, limit: float
    ) -> Answer:
        """Say whether a value supports the claim, and whether its whole interval does."""
        return below(value, low, high, limit)
