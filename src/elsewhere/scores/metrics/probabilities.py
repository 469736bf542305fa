"""probabilities: how probabilities of positive and of negative scans are distributed."""

from __future__ import annotations

import numpy as np

from elsewhere.scores.calibration import obstacle, separated
from elsewhere.scores.clustered import mean, n_patients
from elsewhere.scores.estimates import Estimate, bounds, difference, weighted
from elsewhere.scores.intervals import Interval, wilson
from elsewhere.scores.metric import Judged, Measured, Metric, Sample
from elsewhere.scores.several import Number, measured, number, of_estimate
from elsewhere.scores.shares import correlation

BINS = 20
_ALIKE = 1 - 1e-9  # correlation from which on the difference would have an interval of no width


class Probabilities(Metric):
    """Mean probability of each class, their difference, and histograms."""

    def measure(self, sample: Sample) -> Measured:
        """Compute what is defined: one class alone has a mean but no difference."""
        judged = sample.judged
        divided = _divided(judged)
        numbers = {f"_{name}": _of_class(sample, label) for name, label in _CLASSES.items()}
        both = numbers["_positive"], numbers["_negative"]
        numbers["_difference"] = _difference(sample, *both)
        if divided:
            numbers = {name: _wider(found, sample, name) for name, found in numbers.items()}
        edges = np.linspace(0, 1, BINS + 1)
        counts = {
            name: np.histogram(judged.scores[judged.labels == label], edges)[0].tolist()
            for name, label in _CLASSES.items()
        }
        return measured(
            "probabilities", numbers, more={"probabilities_histogram": {"bins": BINS, **counts}}
        )


_CLASSES = {"positive": 1, "negative": 0}


def _of_class(sample: Sample, label: int) -> Number:
    """Return the mean probability of the scans of a class."""
    chosen = sample.judged.labels == label
    if not chosen.any():
        return number(None, None, reason=f"no test scan is {'positive' if label else 'negative'}")
    found = mean(sample.judged.scores[chosen], patients=sample.judged.patients[chosen])
    return of_estimate(found, sample=sample, scale="logit")


def _divided(judged: Judged) -> bool:
    """Return whether some probability divides the classes: saturated ones hardly vary then."""
    reason = obstacle(judged.labels, patients=judged.patients, least=1)
    equal = judged.scores.min() == judged.scores.max()
    return not reason and not equal and separated(judged.labels, scores=judged.scores) is not None


def _wider(found: Number, sample: Sample, name: str) -> Number:
    """Return a number whose limits are at least as far as if probabilities were 0 or 1.

    The variance of what lies between 0 and 1 is at most that of shares. Patients that all have
    nearly the same probability show none, which is no evidence that the next one will.
    """
    judged, scoring = sample.judged, sample.scoring
    ends: list[Estimate] = []
    for label in (1, 0):
        of = judged.labels == label
        share, n = float(judged.scores[of].mean()), n_patients(judged.patients[of])
        low, high, _ = wilson(share, n=n, confidence=scoring.confidence)
        ends.append(Estimate(share, low, high))
    apart = {"_positive": ends[0], "_negative": ends[1], "_difference": difference(*ends)}
    low, high = bounds(apart[name])
    method = f"Wilson, {judged.unit}s, because one probability divides the classes"
    if found.interval is not None:
        method = f"{found.interval.method}, or {method}: the farther limits"
        low, high = min(low, found.interval.low), max(high, found.interval.high)
    return number(apart[name].value, Interval(low, high, method))


def _difference(sample: Sample, positive: Number, negative: Number) -> Number:
    """Return the mean of positive scans minus that of negative ones (Yates 1982; Tjur 2009).

    Its limits are recovered from those of both means: of few patients of a class these know that
    they are few. Patients with scans of both classes correlate them; but not where all of them
    deviate alike, for that so few differ in nothing is no evidence that the next one will not.
    """
    judged = sample.judged
    reason = obstacle(judged.labels, patients=judged.patients, least=1)
    if reason or positive.value is None or negative.value is None:
        return number(None, None, reason=reason)
    of = [judged.labels == label for label in (1, 0)]
    _, patient = np.unique(judged.patients, return_inverse=True)
    away = [(judged.scores - judged.scores[one].mean()) * one / one.sum() for one in of]
    parts = [Estimate(one.value, *one.interval[:2]) for one in (positive, negative) if one.interval]
    related = correlation(np.stack([np.bincount(patient, each) for each in away]), unknown=0.0)
    if related[0, 1] > _ALIKE:
        related = np.eye(2)
    found = weighted(parts, weights=[1.0, -1.0], correlation=related)
    method = f"MOVER of both means, clustered by {judged.unit}"
    return number(found.value, Interval(*bounds(found), method))
