"""internal_above_external: an AUC on an arm's own sites is above that on external sites."""

from __future__ import annotations

from elsewhere.design.paths import INTERNAL
from elsewhere.scores.claim import ClaimKind
from elsewhere.scores.claim_parts import Answer, Pairs, above
from elsewhere.scores.evidence import Evidence


class InternalAboveExternal(ClaimKind):
    """Checks that an AUC on an arm's own sites is above that on external sites."""

    def pairs(self, evidence: Evidence, finding: str) -> Pairs:
        """Yield the AUCs that are compared."""
        for arm in evidence.arms:
            for site in evidence.external:
                yield (arm, INTERNAL, finding), (arm, site, finding)

    def answer(
        self, value: float, low: float | None, high: float | None, *, limit: float
    ) -> Answer:
        """Say whether a value supports the claim, and whether its whole interval does."""
        return above(value, low, high, limit)
