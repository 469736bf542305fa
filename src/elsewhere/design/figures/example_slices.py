"""example_slices: example scans of each site and class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class ExampleSlices(FigureRow):
    """Example scans of each site and class."""

    order: ClassVar[int] = 200
    reads: ClassVar[tuple[str, ...]] = ("manifest", "profile", "volumes", "outlined")
    captions: ClassVar[Mapping[str, Caption]] = {
        "example_slices": Caption(
            "Example scans",
            "The first two patients of each class (A-59); of a volume its middle axial slice, or, "
            "if its lesions are outlined, the slice with most of them and arrows to the largest.",
            "ingest, outline",
        ),
    }
