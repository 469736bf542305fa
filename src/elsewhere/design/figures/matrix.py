"""matrix: the generalization matrix: AUC of every arm on every site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class Matrix(FigureRow):
    """The generalization matrix: AUC of every arm on every site."""

    order: ClassVar[int] = 10
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    metrics: ClassVar[tuple[str, ...]] = ("auc",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "matrix": Caption(
            "The generalization matrix",
            "AUC of every model (row: its training sites) on every test site (column), with"
            " its interval. A thick frame marks a test site that was in training; all other"
            " cells are sites the model has never seen.",
            "score",
        ),
    }
