"""predictive_values: predictive values at declared prevalences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class PredictiveValues(FigureRow):
    """Predictive values at declared prevalences."""

    order: ClassVar[int] = 38
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    metrics: ClassVar[tuple[str, ...]] = ("predictive_values",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "predictive_values": Caption(
            "Predictive values",
            "What a positive and a negative call mean at prevalences that the study declares.",
            "score",
        ),
    }
