"""joint_above_single: training on several sites is better than on one, at external sites."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.claim_rows import ClaimRow


class JointAboveSingle(ClaimRow):
    """The claim that training on several sites is better than on one, at external sites."""

    compares: ClassVar[str] = (
        "AUC of a joint arm minus that of the best arm of one of its sites, at external sites"
    )
    limit: ClassVar[str] = "difference above which the claim holds"
