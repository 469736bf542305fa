"""predictive_values: what a call means at prevalences other than that of the test scans."""

from __future__ import annotations

from elsewhere.scores.calibration import obstacle
from elsewhere.scores.decision import Share, predictive_values
from elsewhere.scores.estimates import Estimate
from elsewhere.scores.intervals import Interval
from elsewhere.scores.metric import Measured, Metric, Sample
from elsewhere.scores.several import Number, measured, number


class PredictiveValues(Metric):
    """Positive and negative predictive value at the prevalences of the settings."""

    def measure(self, sample: Sample) -> Measured:
        """Compute them from sensitivity and specificity; both classes are needed."""
        judged, prevalences = sample.judged, sample.scoring.prevalences
        first = {"predictive_values_prevalence": prevalences[0]}
        reason = obstacle(judged.labels, patients=judged.patients, least=1)
        if reason:
            nothing = number(None, None, reason=reason)
            return measured("predictive_values", dict.fromkeys(SUFFIXES, nothing), more=first)
        found = [_at(sample, prevalence) for prevalence in prevalences]
        rows = [
            {"prevalence": prevalence} | ppv.entries("ppv") | npv.entries("npv")
            for prevalence, (ppv, npv) in zip(prevalences, found, strict=True)
        ]
        own = dict(zip(SUFFIXES, found[0], strict=True))
        return measured("predictive_values", own, more=first | {"predictive_values_all": rows})


SUFFIXES = ("_ppv", "_npv")


def _at(sample: Sample, prevalence: float) -> tuple[Number, Number]:
    confidence = sample.scoring.confidence
    ppv, npv = predictive_values(
        _share(sample, 1), _share(sample, 0), prevalence=prevalence, confidence=confidence
    )
    return _number(ppv, sample, "positive"), _number(npv, sample, "negative")


def _share(sample: Sample, truth: int) -> Share:
    """Return the share of the scans of a class that are called so."""
    judged = sample.judged
    found = sample.hits(judged.calls == bool(truth), among=judged.labels == truth)
    return Share(found.share, found.n_effective)


def _number(found: Estimate, sample: Sample, called: str) -> Number:
    if found.low is None or found.high is None:
        return number(None, None, reason=f"no test scan is called {called}")
    method = f"logit, delta method, effective number of {sample.judged.unit}s"
    return number(found.value, Interval(found.low, found.high, method))
