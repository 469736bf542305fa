"""net_benefit: what a model adds to calling all scans or none, over a range of thresholds."""

from __future__ import annotations

import numpy as np

from elsewhere.scores import decision
from elsewhere.scores.calibration import obstacle
from elsewhere.scores.metric import Measured, Metric, Sample
from elsewhere.scores.several import measured, number


class NetBenefit(Metric):
    """Decision curve, and its mean distance from the better of calling all and calling none."""

    def measure(self, sample: Sample) -> Measured:
        """Compute the curve and its interval over resampled patients; both classes are needed."""
        judged, scoring = sample.judged, sample.scoring
        reason = obstacle(judged.labels, patients=judged.patients, least=1)
        if reason:
            return measured("net_benefit", {"": number(None, None, reason)})
        at = decision.thresholds(scoring.net_benefit_range)
        found = decision.net_benefit(judged.labels, scores=judged.scores, at=at)
        drawn = decision.resampled(judged.labels, scores=judged.scores, at=at, draws=sample.draws)
        ends = [(1 - scoring.confidence) / 2, (1 + scoring.confidence) / 2]
        low, high = np.quantile(drawn.gain, ends, axis=0)
        lists = {
            "threshold": at,
            "model": found.model,
            "treat_all": found.treat_all,
            "gain": found.gain,
            "gain_low": low,
            "gain_high": high,
        }
        own = number(float(found.gain.mean()), sample.percentile(drawn.gain.mean(axis=1)))
        curve = {name: values.tolist() for name, values in lists.items()}
        return measured("net_benefit", {"": own}, more={"net_benefit_curve": curve})
