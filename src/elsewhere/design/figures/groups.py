"""groups: every arm in groups by sex, age, scanner, kernel and contrast, the worst marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class Groups(FigureRow):
    """Every arm in groups by sex, age, scanner, kernel and contrast, the worst marked."""

    order: ClassVar[int] = 82
    reads: ClassVar[tuple[str, ...]] = ("metrics", "predictions", "manifest")
    labels: ClassVar[Labels] = "one"
    of_classes: ClassVar[bool] = True
    metrics: ClassVar[tuple[str, ...]] = ("auc", "sensitivity")
    captions: ClassVar[Mapping[str, Caption]] = {
        "groups": Caption(
            "Groups of patients and scans",
            "AUC, sensitivity and calibration of each model by sex, age, scanner, kernel and "
            "contrast. The group with the lowest AUC is framed. Among many groups one is always "
            "the lowest: the text says whether it is lower than chance explains.",
            "predict",
        ),
    }
