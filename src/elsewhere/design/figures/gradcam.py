"""gradcam: where a model looks in scans that it got right and wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class Gradcam(FigureRow):
    """Grad-CAM maps of scans that a model classified right and wrong."""

    order: ClassVar[int] = 150
    reads: ClassVar[tuple[str, ...]] = ("metrics", "explained", "gallery", "embeddings")
    labels: ClassVar[Labels] = "one"
    of_classes: ClassVar[bool] = True
    setting: ClassVar[str] = "explain"
    captions: ClassVar[Mapping[str, Caption]] = {
        "gradcam": Caption(
            "Where a model looks",
            "Grad-CAM of test scans that it got right and wrong, at every site (D-43, Figs."
            " 4 and 5). A map shows what the prediction is based on, not whether that "
            "is the disease.",
            "explain",
        ),
    }
