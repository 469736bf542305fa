"""joint_best_internal: training on several sites is better than on one, on the arms' own sites."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.claim_rows import ClaimRow


class JointBestInternal(ClaimRow):
    """The claim that training on several sites is better than on one, on the arms' own sites."""

    compares: ClassVar[str] = (
        "internal AUC of a joint arm minus that of the best arm trained on one of its sites"
    )
    limit: ClassVar[str] = "difference above which the claim holds"
