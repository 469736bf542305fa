"""patients: patients of each site by sex, age, class and severity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class Patients(FigureRow):
    """Patients of each site by sex, age, class and severity."""

    order: ClassVar[int] = 92
    reads: ClassVar[tuple[str, ...]] = ("metrics", "manifest", "split")
    labels: ClassVar[Labels] = "classes"
    captions: ClassVar[Mapping[str, Caption]] = {
        "patients": Caption(
            "Patients",
            "Patients of each site by sex, age, class and, below its class, severity or other "
            "category (C-01 to C-04, C-16; Fig. 2).",
            "ingest and split",
        ),
    }
