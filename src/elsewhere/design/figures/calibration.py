"""calibration: calibration curves of every arm on every site, as they are and recalibrated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class CalibrationCurves(FigureRow):
    """Calibration curves of every arm on every site, as they are and recalibrated."""

    order: ClassVar[int] = 36
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    metrics: ClassVar[tuple[str, ...]] = ("calibration",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "calibration": Caption(
            "Calibration",
            "Of the patients with a probability of 0.3, do three in ten have the disease? At each "
            "site, as the model is, and after its probabilities were adjusted on the site's "
            "validation part.",
            "score",
        ),
    }
