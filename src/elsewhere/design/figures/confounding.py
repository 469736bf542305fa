"""confounding: label by site, and how well headers and voxels tell both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class Confounding(FigureRow):
    """Label by site, and how well headers and simple measures of voxels predict both."""

    order: ClassVar[int] = 170
    reads: ClassVar[tuple[str, ...]] = ("audit",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "confounding": Caption(
            "Label by site, before any training",
            "Patients of each class and site; and how well header fields, and simple measures of "
            "the voxels, predict label and site: what a network could learn instead of the disease "
            "(A-75, A-76).",
            "audit",
        ),
    }
