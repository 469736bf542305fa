"""readers: readers of the test scans beside the models, for each class against the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class Readers(FigureRow):
    """Readers beside the ROC curves of the models."""

    order: ClassVar[int] = 65
    reads: ClassVar[tuple[str, ...]] = ("metrics", "predictions", "readers")
    readers: ClassVar[bool] = True
    metrics: ClassVar[tuple[str, ...]] = ("auc",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "readers": Caption(
            "Readers and models",
            "Each reader, their mean and their vote, in the panel of each class against the rest, "
            "with the ROC curves of the models on the same site (C-30). The CSV has sensitivity, "
            "specificity and balanced accuracy with intervals, and the test of each model against "
            "the readers (Obuchowski-Rockette).",
            "ingest, score",
        ),
    }
