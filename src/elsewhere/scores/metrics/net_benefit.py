"""net_benefit: what a model adds to calling all scans or none, over a range of thresholds."""

from __future__ import annotations

import numpy as np

from elsewhere.scores import decision
from elsewhere.scores.calibration import obstacle
from elsewhere.scores.decision_limits import Gains
from elsewhere.scores.metric import Measured, Metric, Sample
from elsewhere.scores.several import measured, number


class NetBenefit(Metric):
    """Decision curve, and its mean distance from the better of calling all and calling none."""

    def measure(self, sample: Sample) -> Measured:
        """Compute the curve and the interval of its gain over patients; both classes are needed."""
        judged, scoring = sample.judged, sample.scoring
        reason = obstacle(judged.labels, patients=judged.patients, least=1)
        if reason:
            return measured("net_benefit", {"": number(None, None, reason=reason)})
        at = decision.thresholds(scoring.net_benefit_range)
        found = decision.net_benefit(judged.labels, scores=judged.scores, at=at)
        _, patients = np.unique(judged.patients, return_inverse=True)
        gains = Gains(judged.labels, judged.scores, patients, at, scoring.confidence, judged.unit)
        each = gains.each()
        curve = {
            "threshold": at.tolist(),
            "model": found.model.tolist(),
            "treat_all": found.treat_all.tolist(),
            "gain": found.gain.tolist(),
            "gain_low": [gain.low for gain in each],
            "gain_high": [gain.high for gain in each],
        }
        own = number(float(found.gain.mean()), gains.mean())
        return measured("net_benefit", {"": own}, more={"net_benefit_curve": curve})
