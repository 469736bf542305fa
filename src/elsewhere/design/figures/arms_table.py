"""arms_table: metrics of every arm on every site, mean and spread over runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class ArmsTable(FigureRow):
    """Metrics of every arm on every site, mean and spread over runs."""

    order: ClassVar[int] = 130
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    labels: ClassVar[Labels] = "one"
    repeated: ClassVar[bool] = True
    captions: ClassVar[Mapping[str, Caption]] = {
        "arms_table": Caption(
            "Every arm on every site, mean and spread",
            "Five measures in percent (D-19 to D-36), the published above ours; calls "
            "{calls}. {spread}",
            "score",
        ),
    }
