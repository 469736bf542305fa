"""claims: what the paper says of its numbers, checked on these and on ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, Facts, FigureRow


class Claims(FigureRow):
    """The paper's claims about its numbers, checked on these and on ours."""

    order: ClassVar[int] = 70
    reads: ClassVar[tuple[str, ...]] = ("metrics", "predictions", "record")
    setting: ClassVar[str] = "published"
    metrics: ClassVar[tuple[str, ...]] = ("auc",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "claims": Caption(
            "The paper's claims about its numbers",
            "Each claim checked on the published numbers and on ours (A-66, A-73, A-74; B-38 to "
            "B-42).",
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
