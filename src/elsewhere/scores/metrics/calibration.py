"""calibration: intercept, slope, O:E and ICI of probabilities, and their calibration curve."""

from __future__ import annotations

from elsewhere.scores.calibrated import agreement
from elsewhere.scores.metric import Measured, Metric, Sample
from elsewhere.scores.several import measured


class Calibration(Metric):
    """Agreement of probabilities with shares of positive scans."""

    def measure(self, sample: Sample) -> Measured:
        """Compute what is defined; the curve has a pointwise band, clustered by patient."""
        numbers, curve = agreement(sample, sample.judged.scores)
        of_suffix = {f"_{name}": found for name, found in numbers.items()}
        return measured("calibration", of_suffix, more={"calibration_curve": curve})
