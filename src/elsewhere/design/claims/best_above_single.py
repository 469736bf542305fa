"""best_above_single: the best arm of several sites is better at each than the arm of one site."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.claim_rows import ClaimRow


class BestAboveSingle(ClaimRow):
    """The claim that on a site the best arm of several is better than the arm of it alone."""

    compares: ClassVar[str] = (
        "best number of the arms of several sites minus that of the arm of one, on this site"
    )
    limit: ClassVar[str] = "difference above which the claim holds"
