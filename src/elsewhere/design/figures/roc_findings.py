"""roc_findings: ROC curves of every finding, or of every class against the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class RocFindings(FigureRow):
    """ROC curves of every finding."""

    order: ClassVar[int] = 60
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    labels: ClassVar[Labels] = "findings"
    of_classes: ClassVar[bool] = True
    metrics: ClassVar[tuple[str, ...]] = ("auc",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "roc_findings": Caption(
            "ROC of every finding or class",
            "A row of panels per model: its own test scans, then each site it never saw (B-30).",
            "score",
        ),
    }
