"""brier: mean squared error of probabilities, and its share of what is possible."""

from __future__ import annotations

from elsewhere.scores.calibrated import errors
from elsewhere.scores.metric import Measured, Metric, Sample
from elsewhere.scores.several import measured


class Brier(Metric):
    """Brier score and scaled Brier score."""

    def measure(self, sample: Sample) -> Measured:
        """Compute both; the scaled one needs both classes."""
        found = errors(sample, sample.judged.scores)
        return measured("brier", {"": found["brier"], "_scaled": found["brier_scaled"]})
