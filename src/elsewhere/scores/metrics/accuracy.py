"""accuracy: the share of all scans that are called correctly."""

from __future__ import annotations

import numpy as np

from elsewhere.scores.metric import Measured, Metric, Sample


class Accuracy(Metric):
    """Right calls among all scans (A-55)."""

    def measure(self, sample: Sample) -> Measured:
        """Compute it, and its interval from sensitivity and specificity at this prevalence.

        An interval of right calls among all scans would take a class without an error for known.
        """
        labels = sample.judged.labels
        right = sample.judged.calls == (labels == 1)
        classes = [labels == label for label in (0, 1) if (labels == label).any()]
        groups = [sample.hits(right, among=of) for of in classes]
        interval = sample.combined(groups, weights=[float(of.mean()) for of in classes])
        return Measured(float(np.mean(right)), intervals={"": interval})
