"""decision_limits: intervals of net benefit, recovered from those of the shares it is made of.

Net benefit is a difference of shares of all scans. With few false positives, or few patients who
are positive, a mean over patients looks surer than it is; Wilson's limits of each share do not
(MOVER, Zou and Donner 2008), and exist where no patient is called otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import betaincinv

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
        return [self._smaller(pair) for pair in self._pairs]

    def mean(self) -> Interval:
        """Return the interval of the mean gain over the thresholds.

        At each, the better of calling all and none is that of these scans.
        """
        chosen = [min(pair, key=lambda one: one.value) for pair in self._pairs]
        shares = [share for one in chosen for share in one.shares]
        weights = [weight / len(chosen) for one in chosen for weight in one.weights]
        low, high = _sum(shares, weights, confidence=self.confidence)
        return Interval(low, high, f"MOVER of Clopper and Pearson, clustered by {self.unit}")

    @cached_property
    def _pairs(self) -> list[tuple[_Difference, _Difference]]:
        """Differences to calling all and to calling none; equal calls are counted once."""
        positive, found = self.labels == 1, dict[int, list[Hits]]()
        pairs = []
        for threshold in self.at:
            called = self.scores >= threshold
            n_called = int(called.sum())
            if n_called not in found:
                kinds = (~called & ~positive, ~called & positive, called & positive)
                found[n_called] = [Hits(of, self.patients) for of in (*kinds, called & ~positive)]
            tn, fn, tp, fp = found[n_called]
            odds = float(threshold / (1 - threshold))
            pair = _Difference((tn, fn), (odds, -1.0)), _Difference((tp, fp), (1.0, -odds))
            pairs.append(pair)
        return pairs

    def _smaller(self, pair: tuple[_Difference, _Difference]) -> Estimate:
        value = min(one.value for one in pair)
        first, second = (one.limits(self.confidence) for one in pair)
        low, high = min(first[0], second[0]), min(first[1], second[1])
        if first[0] <= second[1] and second[0] <= first[1]:
            surer = (1 + self.confidence) / 2
            high = min(one.limits(surer)[1] for one in pair)
        return Estimate(value, low, max(value, high))


@dataclass(frozen=True)
class _Difference:
    """A weighted sum of two shares of all scans."""

    shares: tuple[Hits, Hits]
    weights: tuple[float, float]

    @property
    def value(self) -> float:
        return sum(w * of.share for w, of in zip(self.weights, self.shares, strict=True))

    def limits(self, confidence: float) -> tuple[float, float]:
        return _sum(self.shares, self.weights, confidence=confidence)


def _sum(
    shares: Sequence[Hits], weights: Sequence[float], *, confidence: float
) -> tuple[float, float]:
    """Return the limits of a weighted sum of shares; one that is there twice is counted once."""
    distinct = {id(of): of for of in shares}
    of_weight = dict.fromkeys(distinct, 0.0)
    for of, weight in zip(shares, weights, strict=True):
        of_weight[id(of)] += weight
    n_numbered = max(of.n_numbered for of in distinct.values())
    related = correlation(np.stack([of.apart(n_numbered) for of in distinct.values()]), unknown=0.0)
    parts = [Estimate(of.share, *limits(of, confidence=confidence)) for of in distinct.values()]
    return bounds(weighted(parts, weights=[*of_weight.values()], correlation=related))


def limits(of: Hits, *, confidence: float) -> tuple[float, float]:
    """Return the limits of Clopper and Pearson (1934) with the effective number of scans.

    So Korn and Graubard (1998) take them. A false negative may be worth many true negatives, and
    Wilson's lower limit of a share that is one or two patients is too high for such a sum.
    """
    n, hits, tail = of.n_effective, of.share * of.n_effective, (1 - confidence) / 2
    low = 0.0 if of.share == 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if of.share == 1 else float(betaincinv(hits + 1, n - hits, 1 - tail))
    return low, high
