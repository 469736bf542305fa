"""networks_alike: two networks that are trained on the same sites have nearly the same AUC."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.claim_rows import ClaimRow


class NetworksAlike(ClaimRow):
    """The claim that two networks that are trained on the same sites have nearly the same AUC."""

    compares: ClassVar[str] = (
        "AUCs of two arms of the same sites and method with different networks"
    )
    limit: ClassVar[str] = "largest difference of AUCs that are alike"
