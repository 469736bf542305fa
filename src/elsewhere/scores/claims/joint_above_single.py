"""joint_above_single: training on several sites is better than on one, at external sites."""

from __future__ import annotations

from elsewhere.scores.claim import ClaimKind
from elsewhere.scores.claim_parts import Answer, Pairs, above, joint_and_best_single
from elsewhere.scores.evidence import Evidence


class JointAboveSingle(ClaimKind):
    """Checks that training on several sites is better than on one, at external sites."""

    def pairs(self, evidence: Evidence, finding: str) -> Pairs:
        """Yield the AUCs that are compared."""
        for site in evidence.external:
            yield from joint_and_best_single(evidence, (site, finding))

    def answer(
        self, value: float, low: float | None, high: float | None, *, limit: float
    ) -> Answer:
        """Say whether a value supports the claim, and whether its whole interval does."""
        return above(value, low, high, limit)
