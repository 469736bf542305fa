"""age_and_sex: age and sex of the patients of each site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class AgeAndSex(FigureRow):
    """Age and sex of the patients of each site."""

    order: ClassVar[int] = 110
    reads: ClassVar[tuple[str, ...]] = ("metrics", "manifest", "split")
    labels: ClassVar[Labels] = "findings"
    of_classes: ClassVar[bool] = True
    captions: ClassVar[Mapping[str, Caption]] = {
        "age_and_sex": Caption(
            "Age and sex",
            "Patients of each site by age and sex (B-29).",
            "ingest and split",
        ),
    }
