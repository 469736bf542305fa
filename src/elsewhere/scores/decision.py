"""decision: what calls at a probability threshold are worth, and what they mean elsewhere.

Net benefit after Vickers and Elkin 2006 (Med Decis Making 26:565); predictive values at another
prevalence after Mercaldo et al. 2007 (Stat Med 26:2170).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.estimates import Estimate
from elsewhere.scores.intervals import z_value

STEP = 0.01


class Share(NamedTuple):
    """A share of scans, such as a sensitivity, and how many independent scans it is worth."""

    value: float
    n: float


class Benefit(NamedTuple):
    """Net benefit of the model and of calling all scans; of no scan it is 0. Both of one shape."""

    model: Floats
    treat_all: Floats

    @property
    def gain(self) -> Floats:
        """The model's net benefit minus the better of calling all and calling none."""
        gained: Floats = self.model - np.maximum(self.treat_all, 0)
        return gained


def thresholds(limits: tuple[float, float]) -> Floats:
    """Return thresholds from the lower to the upper limit in steps of 0.01 [k]."""
    first, last = (round(limit / STEP) for limit in limits)
    return np.arange(first, last + 1) / round(1 / STEP)


def net_benefit(labels: Ints, *, scores: Floats, at: Floats) -> Benefit:
    """Return the net benefit at each threshold [k].

    A true positive counts 1, a false positive the odds of the threshold; the sum is divided by the
    number of scans. A scan is called positive when its probability is >= the threshold.

    Parameters
    ----------
    labels, scores
        0 or 1, and probability of class 1, shape [n].
    at
        Thresholds above 0 and below 1, shape [k].
    """
    n, odds = len(labels), at / (1 - at)
    called = [
        np.searchsorted(np.sort(scores[labels == label]), at, side="left") for label in (1, 0)
    ]
    n_positive = int(labels.sum())
    tp, fp = n_positive - called[0], n - n_positive - called[1]
    return Benefit((tp - odds * fp) / n, (n_positive - odds * (n - n_positive)) / n)


def predictive_values(
    sensitivity: Share, specificity: Share, *, prevalence: float, confidence: float
) -> tuple[Estimate, Estimate]:
    """Return positive and negative predictive value at a prevalence, with intervals on the logit.

    Where a share is 0 or 1 it has no variance: the interval is then that of shares with z^2 / 2
    successes and as many failures added (Mercaldo's adjusted logit), widened to hold the value.

    Returns
    -------
    tuple of Estimate
        A value is None where no scan would be called so.
    """
    shares, z = (sensitivity, specificity), z_value(confidence)
    edge = any(share.value in (0.0, 1.0) for share in shares)
    moved = [_adjusted(share, z) if edge else share for share in shares]
    limits = _logit_limits(moved[0], moved[1], prevalence, z)
    values = _bayes(sensitivity.value, specificity.value, prevalence)
    positive, negative = (
        Estimate(None) if value is None else Estimate(value, min(value, low), max(value, high))
        for value, (low, high) in zip(values, limits, strict=True)
    )
    return positive, negative


def _adjusted(share: Share, z: float) -> Share:
    """Return the share with z^2 trials more, half of them successes (Agresti and Coull 1998)."""
    n = share.n + z**2
    return Share((share.value * share.n + z**2 / 2) / n, n)


def _bayes(se: float, sp: float, prevalence: float) -> tuple[float | None, float | None]:
    """Return both predictive values by Bayes' theorem; None where no scan is called so."""
    tp, fp = se * prevalence, (1 - sp) * (1 - prevalence)
    fn, tn = (1 - se) * prevalence, sp * (1 - prevalence)
    return (tp / (tp + fp) if tp + fp else None), (tn / (tn + fn) if tn + fn else None)


def _logit_limits(
    sensitivity: Share, specificity: Share, prevalence: float, z: float
) -> list[tuple[float, float]]:
    """Return the limits of both values by the delta method on the logit scale."""
    (se, n_positive), (sp, n_negative) = sensitivity, specificity
    odds = prevalence / (1 - prevalence)
    logits = np.log(se / (1 - sp) * odds), np.log(sp / (1 - se) / odds)
    variances = (
        (1 - se) / (se * n_positive) + sp / ((1 - sp) * n_negative),
        se / ((1 - se) * n_positive) + (1 - sp) / (sp * n_negative),
    )
    return [
        (float(1 / (1 + np.exp(z * v**0.5 - at))), float(1 / (1 + np.exp(-z * v**0.5 - at))))
        for at, v in zip(logits, variances, strict=True)
    ]
