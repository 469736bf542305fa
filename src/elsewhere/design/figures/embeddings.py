"""embeddings: how models see the sites: embeddings of test scans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class Embeddings(FigureRow):
    """Embeddings of test scans, by site and class."""

    order: ClassVar[int] = 160
    reads: ClassVar[tuple[str, ...]] = ("metrics", "explained", "gallery", "embeddings")
    labels: ClassVar[Labels] = "one"
    of_classes: ClassVar[bool] = True
    setting: ClassVar[str] = "explain"
    captions: ClassVar[Mapping[str, Caption]] = {
        "embeddings": Caption(
            "How models see the sites",
            "Embeddings of the test scans of one run, by site and class, and how well a linear "
            "probe predicts both from them (D-13 to D-15).",
            "explain",
        ),
    }
