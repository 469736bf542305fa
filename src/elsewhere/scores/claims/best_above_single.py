"""best_above_single: the best arm of several sites is better at each than the arm of one site."""

from __future__ import annotations

from elsewhere.scores.claim import ClaimKind
from elsewhere.scores.claim_parts import Answer, Pairs, above, best, singles
from elsewhere.scores.evidence import Evidence


class BestAboveSingle(ClaimKind):
    """Checks that on a site the best arm of several is better than the arm of it alone."""

    def pairs(self, evidence: Evidence, finding: str) -> Pairs:
        """Yield the numbers that are compared."""
        for single, site in singles(evidence).items():
            alone = evidence.arms[single]
            several = [
                (name, site, finding)
                for name, arm in evidence.arms.items()
                if len(arm.sites) > 1
                and site in arm.sites
                and (arm.network, arm.method) == (alone.network, alone.method)
            ]
            if several:
                yield best(evidence, several), (single, site, finding)

    def answer(
        self, value: float, low: float | None, high: float | None, *, limit: float
    ) -> Answer:
        """Say whether a value supports the claim, and whether its whole interval does."""
        return above(value, low, high, limit)
