"""youden: Youden's index, sensitivity plus specificity minus 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from elsewhere.scores.metric import Measured, Metric, Sample


class Youden(Metric):
    """Youden's index J (Youden 1950): 0 for random calls, 1 for perfect ones."""

    def measure(self, sample: Sample) -> Measured:
        """Compute J and its interval over resampled patients; both classes are needed."""
        if not sample.judged.labels.any():
            return Measured(None, "no test scan is positive")
        if sample.judged.labels.all():
            return Measured(None, "no test scan is negative")
        with np.errstate(invalid="ignore"):
            resampled = _index(*sample.resampled)
        return Measured(float(_index(*sample.counts)), intervals={"": sample.percentile(resampled)})


def _index(tp: Any, fp: Any, tn: Any, fn: Any) -> Any:
    """Return J of four counts, or of four arrays of them."""
    return tp / (tp + fn) + tn / (tn + fp) - 1
