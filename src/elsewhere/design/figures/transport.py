"""transport: the threshold of the training sites beside a local one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class ThresholdTransport(FigureRow):
    """The threshold of the training sites beside a local one."""

    order: ClassVar[int] = 39
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    metrics: ClassVar[tuple[str, ...]] = ("transport",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "transport": Caption(
            "Threshold transport",
            "How many of the ill a model finds, and how many of the healthy it leaves alone, at "
            "each site: with the threshold from where it was trained, and with a local one.",
            "score",
        ),
    }
