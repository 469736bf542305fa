"""poor_unseen: arms of one site are poor on sites that they never saw."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.claim_rows import ClaimRow


class PoorUnseen(ClaimRow):
    """The claim that arms of one site are poor on sites that they never saw."""

    compares: ClassVar[str] = "each number of an arm of one site alone, on sites it never saw"
    limit: ClassVar[str] = "number below which one is poor"
    at: ClassVar[str] = "test sites"
