"""decision_limits: intervals of net benefit, recovered from those of the shares it is made of.

Net benefit is a difference of shares of all scans. With few false positives, or few patients who
are positive, a mean over patients looks surer than it is; Wilson's limits of each share do not
(MOVER, Zou and Donner 2008), and exist where no patient is called otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.estimates import Estimate, bounds, weighted
from elsewhere.scores.intervals import Interval, Unit
from elsewhere.scores.shares import Hits, correlation


@dataclass(frozen=True)
class Gains:
    """How much better a model's calls are than all and than none, threshold by threshold.

    Attributes
    ----------
    labels, scores, patients
        0 or 1, probability of class 1, and patient number from 0 on, shape [n].
    at
        Thresholds above 0 and below 1, shape [k].
    confidence, unit
        Of the intervals; what is numbered as patients.
    """

    labels: Ints
    scores: Floats
    patients: Ints
    at: Floats
    confidence: float
    unit: Unit = "patient"

    def each(self) -> list[Estimate]:
        """Return the gain over the better of calling all and none, at each threshold [k].

        It is the smaller of two differences, to all and to none, and which is smaller is not known
        for sure: each limit is the lower one of both. Where both differences could be the smaller
        one, upper limits that are too low have two chances; they are then taken at half the error.
        """
        return [self._smaller(pair) for pair in self._pairs()]

    def mean(self) -> Interval:
        """Return the interval of the mean gain over the thresholds.

        At each, the better of calling all and none is that of these scans.
        """
        chosen = [min(pair, key=lambda one: one.value) for pair in self._pairs()]
        shares = [share for one in chosen for share in one.shares]
        weights = [weight / len(chosen) for one in chosen for weight in one.weights]
        low, high = bounds(_sum(shares, weights, self.confidence, self.unit))
        return Interval(low, high, f"MOVER of Wilson, shares clustered by {self.unit}")

    def _pairs(self) -> Iterator[tuple[_Difference, _Difference]]:
        """Yield the differences to calling all and to calling none; equal calls are counted once."""
        positive, found = self.labels == 1, {}
        for threshold in self.at:
            called = self.scores >= threshold
            n_called = int(called.sum())
            if n_called not in found:
                found[n_called] = [
                    Hits(of, self.patients)
                    for of in (
                        ~called & ~positive, ~called & positive, called & positive, called & ~positive
                    )
                ]  # fmt: skip
            tn, fn, tp, fp = found[n_called]
            odds = float(threshold / (1 - threshold))
            yield _Difference((tn, fn), (odds, -1.0)), _Difference((tp, fp), (1.0, -odds))

    def _smaller(self, pair: tuple[_Difference, _Difference]) -> Estimate:
        value = min(one.value for one in pair)
        limits = [bounds(self._sum(one, self.confidence)) for one in pair]
        low, high = (min(ends) for ends in zip(*limits, strict=True))
        (first, second) = limits
        if first[0] <= second[1] and second[0] <= first[1]:
            wider = (1 + self.confidence) / 2
            high = min(bounds(self._sum(one, wider))[1] for one in pair)
        return Estimate(value, low, max(value, high))

    def _sum(self, one: _Difference, confidence: float) -> Estimate:
        return _sum(one.shares, one.weights, confidence, self.unit)


@dataclass(frozen=True)
class _Difference:
    """A weighted sum of two shares of all scans."""

    shares: tuple[Hits, Hits]
    weights: tuple[float, float]

    @property
    def value(self) -> float:
        return sum(w * of.share for w, of in zip(self.weights, self.shares, strict=True))


def _sum(shares, weights, confidence, unit) -> Estimate:
    distinct = {id(of): of for of in shares}
    n_numbered = max(of.n_numbered for of in distinct.values())
    apart = {key: of.apart(n_numbered) for key, of in distinct.items()}
    limits = {key: of.interval(confidence=confidence, unit=unit) for key, of in distinct.items()}
    of_weight = dict.fromkeys(distinct, 0.0)
    for of, weight in zip(shares, weights, strict=True):
        of_weight[id(of)] += weight
    parts = [Estimate(of.share, *limits[key][:2]) for key, of in distinct.items()]
    related = correlation(np.stack([*apart.values()]), unknown=0.0)
    return weighted(parts, weights=[*of_weight.values()], correlation=related)
