"""transport: what a threshold of the training sites does at another site, beside a local one.

Both thresholds are chosen by the same rule on validation scans, of the training sites and of the
test site, and both are tried on the same test scans.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elsewhere.design.scoring import Scoring
from elsewhere.scores import thresholds
from elsewhere.scores.calibration import obstacle
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.estimates import Estimate, weighted
from elsewhere.scores.shares import Hits, correlation
from elsewhere.scores.thresholds import Scored, Threshold

SENSITIVITY = 0.9


class Rates(NamedTuple):
    """Sensitivity and specificity at one threshold, with Wilson's intervals over patients."""

    threshold: Threshold
    sensitivity: Estimate
    specificity: Estimate


class Transport(NamedTuple):
    """Rates on test scans with the training sites' threshold and with a local one.

    ``sensitivity`` and ``specificity`` are what the local threshold adds: local minus training.
    """

    training: Rates
    local: Rates
    sensitivity: Estimate
    specificity: Estimate


Rule = Callable[[Scored], Threshold]


def highest_accuracy(validation: Scored) -> Threshold:
    """Return the threshold that maximises accuracy on validation scans (A-52)."""
    return thresholds.choose(validation.labels, scores=validation.scores)


def for_sensitivity(validation: Scored) -> Threshold:
    """Return the highest threshold that finds at least 90 % of the positive validation scans.

    It lies midway between neighbouring probabilities, as those of `thresholds.choose`.

    Raises
    ------
    ValueError
        If no validation scan is positive.
    """
    positive = np.sort(validation.scores[validation.labels == 1])
    if not len(positive):
        raise ValueError("no validation scan is positive; a sensitivity needs at least one")
    # whole percent: 10 scans times 0.1 may be missed, but 1 - 0.9 is below 0.1 in a computer
    lowest = positive[len(positive) * round(100 * (1 - SENSITIVITY)) // 100]
    below = validation.scores[validation.scores < lowest].max(initial=-1.0)
    middle = below + (lowest - below) / 2 if below >= 0 else lowest
    # without a lower scan, and between neighbouring floats, there is no midpoint
    value = middle if below < middle else lowest
    found = f"{np.sum(positive >= lowest)} of {len(positive)} scans"
    rule = f"{SENSITIVITY:.0%} sensitivity on validation data: {found}"
    return Threshold(float(value), rule)


def why_not(test: Scored, *, training: Scored | None, local: Scored | None) -> str | None:
    """Return why thresholds cannot be compared at a site, or None if they can.

    Parameters
    ----------
    test, training, local
        Test scans of the site; validation scans of the training sites and of the site itself.
    """
    places = (
        (test, "test scans"),
        (training, "validation scans of the training sites"),
        (local, "validation scans of the test site"),
    )
    for scans, name in places:
        if scans is None or not len(scans.labels):
            return f"there are no {name}"
        reason = obstacle(scans.labels, patients=scans.patients, least=1)
        if reason:
            return reason.replace("scans", name, 1)
    return None


def transport(
    test: Scored, *, training: Scored, local: Scored, rule: Rule, scoring: Scoring
) -> Transport:
    """Try the threshold of the training sites and the local one on test scans.

    Parameters
    ----------
    test, training, local
        As of `why_not`, which must have found nothing.
    rule
        `highest_accuracy` or `for_sensitivity`.
    """
    chosen = rule(training), rule(local)
    calls = [_calls(test.scores, threshold) for threshold in chosen]
    there, here = (
        Rates(threshold, *_rates(test, called, scoring))
        for threshold, called in zip(chosen, calls, strict=True)
    )
    sensitivity, specificity = (
        paired_difference(
            (calls[1] == truth)[test.labels == truth],
            (calls[0] == truth)[test.labels == truth],
            patients=test.patients[test.labels == truth],
            confidence=scoring.confidence,
        )
        for truth in (1, 0)
    )
    return Transport(there, here, sensitivity, specificity)


def paired_difference(
    first: NDArray[np.bool_], second: NDArray[np.bool_], *, patients: Ints, confidence: float
) -> Estimate:
    """Subtract two shares of the same scans, with an interval from the limits of both.

    Newcombe 1998 (Stat Med 17:2635, method 10) with the correlation of the shares over patients,
    corrected for continuity (Zou and Donner 2008). It has a width where no scan changes.

    Parameters
    ----------
    first, second
        Whether each scan is right, shape [n].
    patients
        Patient number, shape [n].
    """
    groups = [_hits(of, patients) for of in (first, second)]
    n_numbered = max(group.n_numbered for group in groups)
    related = correlation(np.stack([one.apart(n_numbered) for one in groups]), unknown=0.0)
    related[[0, 1], [1, 0]] = _continuous(float(related[0, 1]), groups)
    # Newcombe's method is that of Wilson's limits, for few patients too
    values = [_estimate(group, confidence, few=0) for group in groups]
    return weighted(values, weights=(1, -1), correlation=related)


def _continuous(related: float, groups: Sequence[Hits]) -> float:
    """Correct a positive correlation for continuity, as Newcombe does for that of a 2 x 2 table.

    Without it, calls of few patients that agree by chance would leave no width.
    """
    n = min(group.n_effective for group in groups)
    spread = math.prod(group.share * (1 - group.share) for group in groups) ** 0.5
    return related if related <= 0 else max(0.0, related - 1 / (2 * n * spread))


def _hits(right: NDArray[np.bool_], patients: Ints) -> Hits:
    return Hits(right, np.unique(patients, return_inverse=True)[1])


def _estimate(share: Hits, confidence: float, *, few: int) -> Estimate:
    low, high, _ = share.interval(confidence=confidence, unit="patient", few=few)
    return Estimate(share.share, low, high)


def _rates(test: Scored, called: NDArray[np.bool_], scoring: Scoring) -> tuple[Estimate, Estimate]:
    """Return sensitivity and specificity of calls [n]."""
    of_class = [test.labels == truth for truth in (1, 0)]
    sensitivity, specificity = (
        _estimate(
            _hits((called == truth)[of], test.patients[of]),
            scoring.confidence,
            few=scoring.few_patients,
        )
        for truth, of in zip((1, 0), of_class, strict=True)
    )
    return sensitivity, specificity


def _calls(scores: Floats, threshold: Threshold) -> NDArray[np.bool_]:
    called: NDArray[np.bool_] = (
        scores > threshold.value if threshold.above else scores >= threshold.value
    )
    return called
