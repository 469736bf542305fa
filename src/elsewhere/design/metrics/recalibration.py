"""recalibration: calibration after recalibration on the site's validation scans."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs, bounded

_NUMBERS = bounded(
    *(f"recalibration_{way}_brier" for way in ("intercept", "logistic", "temperature"))
)


class Recalibration(MetricRow):
    """Brier score and calibration of test scans after three recalibrations."""

    title: ClassVar[str] = "recalibrated Brier score"
    definition: ClassVar[str] = (
        "Brier score on the test part after recalibration on the site's validation part: "
        "intercept; intercept and slope (Cox 1958); temperature (Guo et al. 2017). metrics.json "
        "also has the calibration after each."
    )
    needs: ClassVar[Needs] = "scores"
    interval: ClassVar[str] = "as of the Brier score; the recalibration is taken as fixed"
    higher_is_better: ClassVar[bool] = False
    fields: ClassVar[tuple[str, ...]] = (*_NUMBERS, "recalibration_all")
    columns: ClassVar[tuple[str, ...]] = _NUMBERS
