"""missing: what is not known of the scans of each site and class, and what was excluded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class Missing(FigureRow):
    """What is not known of the scans of each site and class, and what was excluded."""

    order: ClassVar[int] = 181
    reads: ClassVar[tuple[str, ...]] = ("manifest", "rejected")
    captions: ClassVar[Mapping[str, Caption]] = {
        "missing": Caption(
            "Missing data and exclusions",
            "Scans of each site and class of which a field is not known, scans that the study does "
            "not use, and files that were excluded, with their reasons.",
            "ingest",
        ),
    }
