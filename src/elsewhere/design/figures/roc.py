"""roc: ROC curves of every arm on every site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class Roc(FigureRow):
    """ROC curves of every arm on every site."""

    order: ClassVar[int] = 20
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    labels: ClassVar[Labels] = "one"
    metrics: ClassVar[tuple[str, ...]] = ("auc",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "roc_single_site": Caption(
            "ROC, models trained on one site",
            "The empirical curve, whose area is printed, and its pointwise band over patients "
            "(A-63); beside it the AUC of thresholds in steps of 0.01 (A-56) and the mean curve of "
            "Monte-Carlo dropout passes with one standard deviation, which is no interval (A-57). "
            "Sites with one class have no ROC curve.",
            "score",
        ),
        "roc_multi_site": Caption(
            "ROC, models trained on several sites",
            "As above (A-64).",
            "score",
        ),
    }
