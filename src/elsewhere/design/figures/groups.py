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
            "AUC, sensitivity and calibration in the large of each model by sex, age band, "
            "scanner, kernel and contrast; the group with the lowest AUC is framed, and said to "
            "differ where that is beyond chance for the lowest of so many.",
            "predict",
        ),
    }
