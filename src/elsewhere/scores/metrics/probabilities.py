"""probabilities: how probabilities of positive and of negative scans are distributed."""

from __future__ import annotations

import numpy as np

from elsewhere.scores.calibration import obstacle
from elsewhere.scores.clustered import Clustered, mean, n_patients, standard_error
from elsewhere.scores.metric import Judged, Measured, Metric, Sample
from elsewhere.scores.several import Number, measured, number, of_estimate

BINS = 20


class Probabilities(Metric):
    """Mean probability of each class, their difference, and histograms."""

    def measure(self, sample: Sample) -> Measured:
        """Compute what is defined: one class alone has a mean but no difference."""
        judged = sample.judged
        numbers = {f"_{name}": _of_class(sample, label) for name, label in _CLASSES.items()}
        numbers["_difference"] = of_estimate(_difference(judged), sample=sample)
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


def _difference(judged: Judged) -> Clustered:
    """Return the mean of positive scans minus that of negative ones (Yates 1982; Tjur 2009)."""
    reason = obstacle(judged.labels, patients=judged.patients, least=1)
    if reason:
        return Clustered(None, reason=reason)
    positive = judged.labels == 1
    means = [float(judged.scores[of].mean()) for of in (positive, ~positive)]
    influence = np.where(
        positive,
        (judged.scores - means[0]) / positive.sum(),
        -(judged.scores - means[1]) / (~positive).sum(),
    )
    error = standard_error(influence, patients=judged.patients)
    return Clustered(means[0] - means[1], error, n_patients(judged.patients))
