"""claims: what the paper says of its AUCs, checked on its numbers and on ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, Facts, FigureRow, Labels


class Claims(FigureRow):
    """The paper's claims about AUCs, checked on its numbers and on ours."""

    order: ClassVar[int] = 70
    reads: ClassVar[tuple[str, ...]] = ("metrics", "predictions", "record")
    labels: ClassVar[Labels] = "findings"
    setting: ClassVar[str] = "published"
    metrics: ClassVar[tuple[str, ...]] = ("auc",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "claims": Caption(
            "The paper's claims about its AUCs",
            "Each claim checked on the published numbers and on ours (B-38 to B-42).",
            "predict and score",
        ),
    }

    @classmethod
    def obstacle(cls, facts: Facts) -> str | None:
        """Return why a study cannot have this figure: also, if no claims are listed."""
        reason = super().obstacle(facts)
        if reason is None and not facts.claims:
            return "no claims of its paper are listed in published/<published>_claims.csv"
        return reason
