"""site_lowers_others: training on one more site makes a model worse on each of the other sites."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.claim_rows import ClaimRow


class SiteLowersOthers(ClaimRow):
    """The claim that training on one more site makes a model worse on each of the other sites."""

    compares: ClassVar[str] = (
        "number of an arm with a site minus that of the same arm without it, on each other site"
    )
    limit: ClassVar[str] = "difference below which the claim holds"
    at: ClassVar[str] = "site that is added"
