"""probabilities: histograms of probabilities by class, of every arm on every site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class ProbabilitiesByClass(FigureRow):
    """Histograms of probabilities by class, of every arm on every site."""

    order: ClassVar[int] = 35
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    metrics: ClassVar[tuple[str, ...]] = ("probabilities",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "probabilities": Caption(
            "Probabilities by class",
            "Where the probabilities of positive and negative scans lie, and the means of both.",
            "score",
        ),
    }
