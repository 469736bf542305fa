"""next_site: where the true effect of a site lies that is not among those pooled.

The variance between few sites is hardly known, and an interval that takes its estimate for the
truth is too narrow. Here it has a distribution (generalised inference; Iyer, Wang and Mathew 2004,
JASA 99:1060): the weighted sum of squares at the true variance is chi-squared with k - 1 degrees of
freedom, whatever the sites' precisions, and the mean at that variance is normal and independent of
it. Each quantile of chi-squared gives a variance (Viechtbauer 2007, Stat Med 26:37: the Q-profile).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import chdtri, ndtr

from elsewhere.scores.discrimination import Floats

NODES = 200  # quantiles of the distribution, by Gauss and Legendre, dense at both ends
_HALVINGS = 50


class Possible(NamedTuple):
    """Variances between sites that are possible, and what follows from each [b].

    Attributes
    ----------
    between
        Variance between sites; 0 where even that is too much.
    mean, variance
        Mean over sites, weighted for this variance, and its own variance.
    weight
        How likely each is; the sum is 1.
    """

    between: Floats
    mean: Floats
    variance: Floats
    weight: Floats


def possible(effects: Floats, *, variances: Floats) -> Possible:
    """Return the distribution of the variance between sites.

    Parameters
    ----------
    effects, variances
        Of each site, at least two, and the variance of its error, above 0 [k].
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    chi2 = chdtri(len(effects) - 1, (1 - nodes) / 2)
    low = np.zeros(NODES)
    high = np.sum((effects - effects.mean()) ** 2) / chi2  # the sum of squares is less there
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        more = _weighted(effects, variances + middle[:, None])[0] > chi2
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    squares, *_ = _weighted(effects, variances[None])
    between = np.where(squares > chi2, (low + high) / 2, 0.0)
    _, mean, variance = _weighted(effects, variances + between[:, None])
    return Possible(between, mean, variance, weights / 2)


def interval(of: Possible, *, confidence: float) -> tuple[float, float]:
    """Return within which the true effect of the next site lies, if it is like these."""
    low, high = (_quantile(of, (1 + side * confidence) / 2) for side in (-1, 1))
    return low, high


def _weighted(effects: Floats, variances: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the weighted sum of squares, the mean and its variance, of variances [b, k]."""
    weight = 1 / variances
    total = weight.sum(axis=1)
    mean = weight @ effects / total
    squares = (weight * (effects - mean[:, None]) ** 2).sum(axis=1)
    return squares, mean, 1 / total


def _quantile(of: Possible, share: float) -> float:
    """Return below which this share of the next sites lies, by halving."""
    spread = np.sqrt(of.between + of.variance)
    far = 40 * float(spread.max())
    low, high = float(of.mean.min()) - far, float(of.mean.max()) + far
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = float(of.weight @ ndtr((middle - of.mean) / spread))
        low, high = (middle, high) if below < share else (low, middle)
    return (low + high) / 2
