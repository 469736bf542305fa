"""auc_width: width of the interval of every AUC, and the patients that the target width needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class AucWidth(FigureRow):
    """Width of the interval of every AUC, and the patients that the target width needs."""

    order: ClassVar[int] = 27
    reads: ClassVar[tuple[str, ...]] = ("metrics", "predictions")
    metrics: ClassVar[tuple[str, ...]] = ("auc",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "auc_width": Caption(
            "How precise is each AUC?",
            "Width of the interval of every AUC, what repeated scans of a patient add to it, and "
            "the patients that the study's target width needs.",
            "predict",
        ),
    }
