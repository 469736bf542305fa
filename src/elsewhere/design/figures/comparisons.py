"""comparisons: whether an arm is better than others, test by test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class ComparisonTable(FigureRow):
    """Whether an arm is better than others, test by test."""

    order: ClassVar[int] = 140
    reads: ClassVar[tuple[str, ...]] = ("metrics", "predictions", "gate")
    labels: ClassVar[Labels] = "one"
    of_classes: ClassVar[bool] = True
    setting: ClassVar[str] = "comparisons"
    metrics: ClassVar[tuple[str, ...]] = ("auc",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "comparisons": Caption(
            "One arm against the others",
            "Differences of AUC with their intervals, and p of the paired t-test as "
            "published (D-41, D-42), of the corrected resampled t-test over folds "
            "(exploratory) and of DeLong's paired test on the test scans (confirmatory), both "
            "adjusted by Holm. Of more "
            "than two classes each against the rest (C-33).",
            "predict and score",
        ),
    }
