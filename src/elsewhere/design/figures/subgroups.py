"""subgroups: AUC with and without a device that may be a shortcut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class SubgroupTable(FigureRow):
    """AUC with and without a device that may be a shortcut."""

    order: ClassVar[int] = 80
    reads: ClassVar[tuple[str, ...]] = ("metrics", "predictions", "manifest")
    labels: ClassVar[Labels] = "findings"
    setting: ClassVar[str] = "subgroups"
    captions: ClassVar[Mapping[str, Caption]] = {
        "subgroups": Caption(
            "With and without a device",
            "AUC of all scans, of those without and with the device, and of the device "
            "alone: what a shortcut would be worth (B-45).",
            "predict",
        ),
    }
