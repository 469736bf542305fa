"""cohort_table: patients and scans of each site and class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class CohortTable(FigureRow):
    """Patients and scans of each site and class."""

    order: ClassVar[int] = 180
    reads: ClassVar[tuple[str, ...]] = ("manifest", "rejected")
    captions: ClassVar[Mapping[str, Caption]] = {
        "cohort_table": Caption(
            "Cohort",
            "Patients and scans of each site and class (A-58), with what may tell sites "
            "apart: vendor, value scale, bit depth, spacing (A-11, A-12).",
            "ingest",
        ),
    }
