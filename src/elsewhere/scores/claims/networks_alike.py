"""networks_alike: two networks that are trained on the same sites have nearly the same AUC."""

from __future__ import annotations

from elsewhere.design.paths import INTERNAL
from elsewhere.scores.claim import ClaimKind
from elsewhere.scores.claim_parts import Answer, Pairs, within
from elsewhere.scores.evidence import Evidence


class NetworksAlike(ClaimKind):
    """Checks that two networks that are trained on the same sites have nearly the same AUC."""

    def pairs(self, evidence: Evidence, finding: str) -> Pairs:
        """Yield the AUCs that are compared."""
        arms = list(evidence.arms.items())
        for number, (name, arm) in enumerate(arms):
            for other, twin in arms[number + 1 :]:
                alike = set(arm.sites) == set(twin.sites) and arm.method == twin.method
                if alike and arm.network != twin.network:
                    for site in (INTERNAL, *evidence.external):
                        yield (name, site, finding), (other, site, finding)

    def answer(
        self, value: float, low: float | None, high: float | None, *, limit: float
    ) -> Answer:
        """Say whether a value supports the claim, and whether its whole interval does."""
        return within(value, low, high, limit)
