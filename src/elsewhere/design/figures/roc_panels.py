"""roc_panels: ROC curves of several arms in the same axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class RocPanels(FigureRow):
    """ROC curves of several arms in the same axes."""

    order: ClassVar[int] = 120
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    labels: ClassVar[Labels] = "one"
    of_classes: ClassVar[bool] = True
    setting: ClassVar[str] = "roc_panels"
    metrics: ClassVar[tuple[str, ...]] = ("auc",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "roc_panels": Caption(
            "ROC, arms side by side",
            "Arms that share axes, a row of panels per group and a column per site (D-43); of more "
            "than two classes each against the rest (C-34).",
            "score",
        ),
    }
