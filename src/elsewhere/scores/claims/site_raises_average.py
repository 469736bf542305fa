"""site_raises_average: training on one more site raises the average over all test sites."""

from __future__ import annotations

from elsewhere.design.paths import AVERAGE
from elsewhere.scores.claim import ClaimKind
from elsewhere.scores.claim_parts import Answer, Pairs, above, with_and_without
from elsewhere.scores.evidence import Evidence


class SiteRaisesAverage(ClaimKind):
    """Checks that training on one more site raises the average over all test sites."""

    def pairs(self, evidence: Evidence, finding: str) -> Pairs:
        """Yield the numbers that are compared."""
        (added,) = self.at
        for more, fewer in with_and_without(evidence, added):
            yield (more, AVERAGE, finding), (fewer, AVERAGE, finding)

    def answer(
        self, value: float, low: float | None, high: float | None, *, limit: float
    ) -> Answer:
        """Say whether a value supports the claim, and whether its whole interval does."""
        return above(value, low, high, limit)
