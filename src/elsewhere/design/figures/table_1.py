"""table_1: AUC of every finding, internal and elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class Table1(FigureRow):
    """AUC of every finding, internal and elsewhere."""

    order: ClassVar[int] = 50
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    labels: ClassVar[Labels] = "findings"
    metrics: ClassVar[tuple[str, ...]] = ("auc",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "table_1": Caption(
            "Every finding, internal and elsewhere",
            "AUC of every finding on all test scans of the model's own sites and on each "
            "site it never saw; grey: published (B-32 to B-37; presumed column order B-31).",
            "score",
        ),
    }
