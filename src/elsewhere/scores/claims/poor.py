"""poor: the AUC of a finding is poor, wherever it is tested."""

from __future__ import annotations

from elsewhere.design.paths import INTERNAL
from elsewhere.scores.claim import ClaimKind
from elsewhere.scores.claim_parts import Answer, Pairs, below
from elsewhere.scores.evidence import Evidence


class Poor(ClaimKind):
    """Checks that the AUC of a finding is poor, wherever it is tested."""

    def pairs(self, evidence: Evidence, finding: str) -> Pairs:
        """Yield the AUCs that are compared."""
        for arm in evidence.arms:
            for site in (INTERNAL, *evidence.external):
                yield (arm, site, finding), None

    def answer(
        self, value: float, low: float | None, high: float | None, *, limit: float
    ) -> Answer:
        """Say whether a value supports the claim, and whether its whole interval does."""
        return below(value, low, high, limit)
