"""internal_above_external: an AUC on an arm's own sites is above that on external sites."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.claim_rows import ClaimRow


class InternalAboveExternal(ClaimRow):
    """The claim that an AUC on an arm's own sites is above that on external sites."""

    compares: ClassVar[str] = "internal AUC minus external AUC of each arm"
    limit: ClassVar[str] = "difference above which the claim holds"
