"""youden: Youden's index, sensitivity plus specificity minus 1."""

from __future__ import annotations

from elsewhere.scores.metric import Measured, Metric, Sample


class Youden(Metric):
    """Youden's index J (Youden 1950): 0 for random calls, 1 for perfect ones."""

    def measure(self, sample: Sample) -> Measured:
        """Compute J and its interval from those of sensitivity and specificity."""
        judged = sample.judged
        positive = judged.labels == 1
        if not positive.any():
            return Measured(None, "no test scan is positive")
        if positive.all():
            return Measured(None, "no test scan is negative")
        groups = [
            sample.hits(judged.calls, among=positive),
            sample.hits(~judged.calls, among=~positive),
        ]
        found = sample.combined(groups, weights=[1.0, 1.0])
        interval = found._replace(low=found.low - 1, high=found.high - 1)
        return Measured(groups[0].share + groups[1].share - 1, intervals={"": interval})
