"""prevalence: how common each finding is, by site and part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class Prevalence(FigureRow):
    """How common each finding is, by site and part."""

    order: ClassVar[int] = 100
    reads: ClassVar[tuple[str, ...]] = ("metrics", "manifest", "split")
    labels: ClassVar[Labels] = "findings"
    of_classes: ClassVar[bool] = True
    captions: ClassVar[Mapping[str, Caption]] = {
        "prevalence": Caption(
            "Prevalence",
            "Share of each finding or class by site and part (B-46).",
            "split",
        ),
    }
