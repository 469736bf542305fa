"""site_raises_average: training on one more site raises the average over all test sites."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.claim_rows import ClaimRow


class SiteRaisesAverage(ClaimRow):
    """The claim that training on one more site raises the average over all test sites."""

    compares: ClassVar[str] = (
        "average over test sites of an arm with a site minus that of the same arm without it"
    )
    limit: ClassVar[str] = "difference above which the claim holds"
    at: ClassVar[str] = "site that is added"
