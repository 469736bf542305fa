"""architecture: the networks of the paper and of the runs, level by level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class Architecture(FigureRow):
    """The networks of the paper and of the runs, level by level."""

    order: ClassVar[int] = 220
    reads: ClassVar[tuple[str, ...]] = ("record",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "architecture": Caption(
            "Architecture",
            "Shapes and filter counts of a network's levels (A-60): at the scale of the paper, and "
            "as it was trained here.",
            "train",
        ),
    }
