"""flow: how many scans come from ingestion to the parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class Flow(FigureRow):
    """How many scans come from ingestion to the parts."""

    order: ClassVar[int] = 90
    reads: ClassVar[tuple[str, ...]] = ("metrics", "manifest", "split")
    labels: ClassVar[Labels] = "findings"
    of_classes: ClassVar[bool] = True
    captions: ClassVar[Mapping[str, Caption]] = {
        "flow": Caption(
            "From ingested scans to the parts",
            "Scans, patients and positives of each finding, the published counts beside "
            "them (B-07 to B-16).",
            "ingest and split",
        ),
    }
