"""poor: the AUC of a finding is poor, wherever it is tested."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.claim_rows import ClaimRow


class Poor(ClaimRow):
    """The claim that the AUC of a finding is poor, wherever it is tested."""

    compares: ClassVar[str] = "each AUC alone, internal and external"
    limit: ClassVar[str] = "AUC below which one is poor"
