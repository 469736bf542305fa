"""confusion: confusion matrices of every arm on every site, with their averages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class ConfusionMatrices(FigureRow):
    """Confusion matrices of every arm on every site, with their averages."""

    order: ClassVar[int] = 30
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    labels: ClassVar[Labels] = "one"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "confusion_single_site": Caption(
            "Confusion matrices, models trained on one site",
            "Shares of each true class at the threshold t {chosen} (A-52, A-53, A-61), the "
            "averages over sites and the matrix of all samples (A-54).",
            "score",
        ),
        "confusion_multi_site": Caption(
            "Confusion matrices, models trained on several sites",
            "As above (A-62).",
            "score",
        ),
    }
