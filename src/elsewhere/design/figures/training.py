"""training: the score that chooses weights, during training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class Training(FigureRow):
    """The score that chooses weights, during training."""

    order: ClassVar[int] = 210
    reads: ClassVar[tuple[str, ...]] = ("metrics", "record", "history")
    captions: ClassVar[Mapping[str, Caption]] = {
        "training": Caption(
            "Training",
            "The score by which weights are chosen, during training: on the validation part of "
            "the training sites, in arms marked optimistic on their test part; the best model "
            "is kept (A-42).",
            "train",
        ),
    }
