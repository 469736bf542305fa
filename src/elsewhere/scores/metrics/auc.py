"""auc: the area under the ROC curve, with DeLong's and the bootstrap's interval."""

from __future__ import annotations

import numpy as np

from elsewhere.scores import intervals
from elsewhere.scores.metric import Measured, Metric, Sample


class Auc(Metric):
    """Area under the ROC curve (A-51, A-56)."""

    def measure(self, sample: Sample) -> Measured:
        """Compute areas, intervals and curve; one class alone has none."""
        if sample.one_class:
            return Measured(None, sample.one_class)
        judged = sample.judged
        exact = intervals.delong(
            judged.labels, scores=judged.scores[None], patients=judged.patients
        )
        resampled = intervals.resampled_auc(judged.labels, scores=judged.scores, draws=sample.draws)
        confidence = sample.scoring.confidence
        return Measured(
            float(exact.auc[0]),
            intervals={
                "": intervals.auc_interval(exact, confidence=confidence, unit=judged.unit),
                "_bootstrap": sample.percentile(resampled),
            },
            more={
                "auc_se": intervals.standard_error(exact),
                "bootstrap_failed": int(np.isnan(resampled).sum()),
            },
        )
