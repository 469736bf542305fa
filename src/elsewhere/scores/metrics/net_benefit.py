"""net_benefit: what a model adds to calling all scans or none, over a range of thresholds."""

from __future__ import annotations

import numpy as np

from elsewhere.scores import decision
from elsewhere.scores.calibration import obstacle
from elsewhere.scores.clustered import mean, t_interval
from elsewhere.scores.discrimination import Floats
from elsewhere.scores.intervals import Interval
from elsewhere.scores.metric import Measured, Metric, Sample
from elsewhere.scores.several import measured, number, of_estimate


class NetBenefit(Metric):
    """Decision curve, and its mean distance from the better of calling all and calling none."""

    def measure(self, sample: Sample) -> Measured:
        """Compute the curve and the interval of its gain over patients; both classes are needed."""
        judged, scoring = sample.judged, sample.scoring
        reason = obstacle(judged.labels, patients=judged.patients, least=1)
        if reason:
            return measured("net_benefit", {"": number(None, None, reason=reason)})
        at = decision.thresholds(scoring.net_benefit_range)
        given = {"scores": judged.scores, "at": at}
        found = decision.net_benefit(judged.labels, **given)
        total, bounds = np.zeros(len(judged.labels)), []
        for worth in decision.gained(judged.labels, **given):
            total += worth / len(at)
            bounds.append(_interval(worth, sample) or (None, None))
        curve = {
            "threshold": at.tolist(),
            "model": found.model.tolist(),
            "treat_all": found.treat_all.tolist(),
            "gain": found.gain.tolist(),
            "gain_low": [low for low, *_ in bounds],
            "gain_high": [high for _, high, *_ in bounds],
        }
        own = of_estimate(mean(total, patients=judged.patients), sample=sample)
        return measured("net_benefit", {"": own}, more={"net_benefit_curve": curve})


def _interval(worth: Floats, sample: Sample) -> Interval | None:
    """Return the interval of the mean [n]; None where no scan is called otherwise."""
    found = mean(worth, patients=sample.judged.patients)
    return t_interval(found, confidence=sample.scoring.confidence, unit=sample.judged.unit)
