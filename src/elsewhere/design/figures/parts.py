"""parts: patients and scans of each class in each part of a site's split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class Parts(FigureRow):
    """Patients and scans of each class in each part of a site's split."""

    order: ClassVar[int] = 182
    reads: ClassVar[tuple[str, ...]] = ("metrics", "manifest", "split")
    labels: ClassVar[Labels] = "one"
    captions: ClassVar[Mapping[str, Caption]] = {
        "parts": Caption(
            "Training, validation and test",
            "Patients and scans of each class in each part (A-18 to A-25), the published counts "
            "below ours.",
            "split",
        ),
    }
