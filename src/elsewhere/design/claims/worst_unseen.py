"""worst_unseen: an arm of one site is at its worst on one unseen site, the worst pair of all."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.claim_rows import ClaimRow


class WorstUnseen(ClaimRow):
    """The claim that of the arms of one site one is the worst of all on one unseen site."""

    compares: ClassVar[str] = (
        "each number of an arm of one site on a site it never saw minus the one that is named"
    )
    limit: ClassVar[str] = "difference above which the claim holds"
    at: ClassVar[str] = "training site of the worst arm; test site on which it is worst"
