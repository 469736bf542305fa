"""architecture: the networks that were trained, level by level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class Architecture(FigureRow):
    """The networks that were trained, level by level."""

    order: ClassVar[int] = 220
    reads: ClassVar[tuple[str, ...]] = ("record",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "architecture": Caption(
            "Architecture",
            "The network that was trained: shapes and filter counts of its levels (A-60).",
            "train",
        ),
    }
