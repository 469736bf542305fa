"""calibration: whether probabilities are as high as the shares that come true."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs, bounded

_NUMBERS = bounded(
    "calibration_intercept", "calibration_slope", "calibration_oe", "calibration_ici"
)


class Calibration(MetricRow):
    """Calibration in the large, slope, O:E, ICI and curve (Van Calster et al. 2019)."""

    title: ClassVar[str] = "calibration"
    definition: ClassVar[str] = (
        "Calibration in the large (intercept at slope 1), slope, O:E (Van Calster et al. 2019), "
        "ICI and flexible curve (Austin and Steyerberg 2019)."
    )
    needs: ClassVar[Needs] = "scores"
    interval: ClassVar[str] = "sandwich over patients, t; ICI and curve: bootstrap of patients"
    higher_is_better: ClassVar[bool] = False
    fields: ClassVar[tuple[str, ...]] = (*_NUMBERS, "calibration_curve")
    columns: ClassVar[tuple[str, ...]] = _NUMBERS
