"""confounding: label by site, and how well headers alone tell both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class Confounding(FigureRow):
    """Label by site, and how well headers alone predict both."""

    order: ClassVar[int] = 170
    reads: ClassVar[tuple[str, ...]] = ("audit",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "confounding": Caption(
            "Label by site, before any training",
            "Patients of each class and site; and how well the header alone, without an image, "
            "predicts label and site: what a network could learn instead of the disease (A-75, "
            "A-76).",
            "audit",
        ),
    }
