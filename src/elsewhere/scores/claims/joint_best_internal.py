"""joint_best_internal: training on several sites is better than on one, on the arms' own sites."""

from __future__ import annotations

from elsewhere.design.paths import INTERNAL
from elsewhere.scores.claim import ClaimKind
from elsewhere.scores.claim_parts import Answer, Pairs, above, joint_and_best_single
from elsewhere.scores.evidence import Evidence


class JointBestInternal(ClaimKind):
    """Checks that training on several sites is better than on one, on the arms' own sites."""

    def pairs(self, evidence: Evidence, finding: str) -> Pairs:
        """Yield the AUCs that are compared."""
        yield from joint_and_best_single(evidence, (INTERNAL, finding))

    def answer(
        self, value: float, low: float | None, high: float | None, *, limit: float
    ) -> Answer:
        """Say whether a value supports the claim, and whether its whole interval does."""
        return above(value, low, high, limit)
