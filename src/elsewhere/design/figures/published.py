"""published: the paper's numbers beside those of this run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class Published(FigureRow):
    """The paper's numbers beside those of this run."""

    order: ClassVar[int] = 40
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    labels: ClassVar[Labels] = "one"
    of_classes: ClassVar[bool] = True
    setting: ClassVar[str] = "published"
    captions: ClassVar[Mapping[str, Caption]] = {
        "published": Caption(
            "Published numbers beside ours",
            "The paper's numbers are data with their source; they are not used in our results.",
            "score",
        ),
    }
