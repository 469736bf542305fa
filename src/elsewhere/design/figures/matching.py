"""matching: whether the patients of the classes of a site are alike in age and sex."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class Matching(FigureRow):
    """Age and sex of the patients of each class of a site, and their differences."""

    order: ClassVar[int] = 184
    reads: ClassVar[tuple[str, ...]] = ("metrics", "manifest", "split")
    labels: ClassVar[Labels] = "one"
    captions: ClassVar[Mapping[str, Caption]] = {
        "matching": Caption(
            "Age and sex of the classes",
            "Whether the patients of the classes of a site are alike in age and sex (A-05): a "
            "network may learn these instead of the disease.",
            "ingest and split",
        ),
    }
