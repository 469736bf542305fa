"""federation: the scores of a federation's model after each round, at each hospital."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class Federation(FigureRow):
    """Scores of each round at each hospital, over rounds and over what was sent."""

    order: ClassVar[int] = 215
    reads: ClassVar[tuple[str, ...]] = ("metrics", "record", "history", "train_cost")
    federated: ClassVar[bool] = True
    captions: ClassVar[Mapping[str, Caption]] = {
        "federation": Caption(
            "Rounds of the federations",
            "The score of the common model on the validation part of each hospital after each "
            "round, and over the bytes that all hospitals have sent and received until then "
            "(C-19, C-24). The CSV has the scores, the bytes and the CPU seconds of encryption of "
            "every round of every run.",
            "train",
        ),
    }
