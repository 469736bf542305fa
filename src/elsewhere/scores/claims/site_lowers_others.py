"""site_lowers_others: training on one more site makes a model worse on each of the other sites."""

from __future__ import annotations

from elsewhere.scores.claim import ClaimKind
from elsewhere.scores.claim_parts import Answer, Pairs, below, sites, with_and_without
from elsewhere.scores.evidence import Evidence


class SiteLowersOthers(ClaimKind):
    """Checks that training on one more site makes a model worse on each of the other sites."""

    def pairs(self, evidence: Evidence, finding: str) -> Pairs:
        """Yield the numbers that are compared."""
        (added,) = self.at
        for more, fewer in with_and_without(evidence, added):
            for site in sites(evidence):
                if site != added:
                    yield (more, site, finding), (fewer, site, finding)

    def answer(
        self, value: float, low: float | None, high: float | None, *, limit: float
    ) -> Answer:
        """Say whether a value supports the claim, and whether its whole interval does."""
        return below(value, low, high, limit)
