"""decision_curve: net benefit against calling all scans and calling none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class DecisionCurve(FigureRow):
    """Net benefit against calling all scans and calling none."""

    order: ClassVar[int] = 37
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    metrics: ClassVar[tuple[str, ...]] = ("net_benefit",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "decision_curve": Caption(
            "Decision curves",
            "Whether acting on the model is better than acting on all patients or on none, at each "
            "probability from which one would act.",
            "score",
        ),
    }
