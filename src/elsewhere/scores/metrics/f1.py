"""f1: the harmonic mean of precision and sensitivity."""

from __future__ import annotations

from elsewhere.scores.metric import Measured, Metric, Sample


class F1(Metric):
    """Harmonic mean of precision and sensitivity."""

    def measure(self, sample: Sample) -> Measured:
        """Compute it as 2 J / (1 + J), which grows with J, and its limits from those of J.

        J is a share: of the scans that are positive or called positive, those that are both
        (Jaccard).
        """
        judged = sample.judged
        positive = judged.labels == 1
        among = positive | judged.calls
        if not among.any():
            return Measured(None, "no test scan is positive or called positive")
        both = sample.hits(positive & judged.calls, among=among)
        found = sample.of_share(both)
        low, high = (_of_jaccard(end) for end in found[:2])
        interval = found._replace(low=low, high=high, method=f"of Jaccard's: {found.method}")
        return Measured(_of_jaccard(both.share), intervals={"": interval})


def _of_jaccard(share: float) -> float:
    return 2 * share / (1 + share)
