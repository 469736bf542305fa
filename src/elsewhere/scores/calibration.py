"""calibration: whether probabilities are as high as the shares of positive scans that come true.

Intercept and slope after Cox 1958 and Van Calster et al. 2019 (BMC Med 17:230), O:E, and the three
ways to recalibrate on scans of a site. The curve is in `calibration_curve`.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy.special import expit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from elsewhere.scores.clustered import Clustered, n_patients, standard_error
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.logits import Recalibration, logits

How = Literal["intercept", "intercept and slope", "temperature"]
WAYS: tuple[How, ...] = ("intercept", "intercept and slope", "temperature")

LEAST = 5  # patients with a scan of a class, below which nothing is fitted


def obstacle(labels: Ints, *, patients: Ints, least: int = LEAST) -> str | None:
    """Return why nothing can be fitted to these scans, or None if it can.

    Parameters
    ----------
    labels, patients
        0 or 1, and patient number, shape [n].
    least
        Patients with a scan of a class that each class needs.
    """
    n, n_positive = len(labels), int(np.sum(labels == 1))
    if n == 0:
        return "there are no scans"
    if n_positive in (0, n):
        return f"all scans are {'positive' if n_positive else 'negative'}"
    for label, name in ((1, "positive"), (0, "negative")):
        of_class = n_patients(patients[labels == label])
        if of_class < least:
            return f"too few patients: {of_class} with {name} scans, at least {least} are needed"
    return None


def n_balanced(labels: Ints, *, patients: Ints) -> int:
    """Return how many patients a sample has that is as informative with both classes alike.

    With six positive patients of 60 an error rests on these six more than on the others, and t with
    59 degrees of freedom would be too sure. Twice the patients of the rarer class count, and never
    more than there are.
    """
    rarer = min(n_patients(patients[labels == label]) for label in (0, 1))
    return min(n_patients(patients), 2 * rarer)


def intercept(labels: Ints, *, scores: Floats, patients: Ints, least: int = LEAST) -> Clustered:
    """Return calibration in the large: the intercept with the slope fixed at 1.

    At 0 probabilities are right on average; above 0 they are too low, below 0 too high.

    Parameters
    ----------
    labels, scores, patients
        0 or 1, probability of class 1, and patient number, shape [n].
    least
        As of `obstacle`.
    """
    reason = obstacle(labels, patients=patients, least=least)
    if reason:
        return Clustered(None, reason=reason)
    ones = np.ones((len(labels), 1))
    return _fitted(labels, ones, patients, offset=logits(scores))[0]


def slope(labels: Ints, *, scores: Floats, patients: Ints, least: int = LEAST) -> Clustered:
    """Return the calibration slope: below 1 probabilities are too extreme, above 1 too near 0.5.

    Undefined where probabilities separate the classes: no finite slope fits best. Parameters as of
    `intercept`.
    """
    reason = obstacle(labels, patients=patients, least=least) or separated(labels, scores=scores)
    if reason:
        return Clustered(None, reason=reason)
    return _fitted(labels, _with_ones(logits(scores)), patients)[1]


def separated(labels: Ints, *, scores: Floats) -> str | None:
    """Return why probabilities [n] of two classes [n] have no slope, or None if they have one.

    A logistic fit of one variable has a finite maximum if and only if the classes overlap: some
    negative scan scores above some positive one, and some positive one above some negative one
    (Albert and Anderson 1984).
    """
    moved = logits(scores)
    if moved.min() == moved.max():
        return "all probabilities are equal"
    positive, negative = moved[labels == 1], moved[labels == 0]
    if negative.max() <= positive.min() or positive.max() <= negative.min():
        return "separation: one probability divides the classes without an error"
    return None


def observed_expected(labels: Ints, *, scores: Floats, patients: Ints) -> Clustered:
    """Return O:E, positive scans over the sum of probabilities, with its standard error.

    Above 1 probabilities are too low. Undefined where all scans are of one class. Parameters as of
    `intercept`.
    """
    reason = obstacle(labels, patients=patients, least=1)
    if reason is None and not scores.any():
        reason = "all probabilities are 0"
    if reason:
        return Clustered(None, reason=reason)
    expected = float(scores.sum())
    ratio = float(labels.sum()) / expected
    error = standard_error((labels - ratio * scores) / expected, patients=patients)
    return Clustered(ratio, error, n_balanced(labels, patients=patients))


def recalibration(
    labels: Ints, *, scores: Floats, patients: Ints, how: How, least: int = LEAST
) -> tuple[Recalibration | None, str | None]:
    """Fit a recalibration to scans of a site; None and the reason where there is none.

    Parameters
    ----------
    labels, scores, patients, least
        As of `intercept`; usually the site's validation scans.
    how
        ``intercept``: the slope stays 1. ``temperature``: the logit is divided by a temperature
        above 0 (Guo et al. 2017), and 0.5 stays 0.5.
    """
    reason = obstacle(labels, patients=patients, least=least)
    if reason is None and how != "intercept":
        reason = separated(labels, scores=scores)
    if reason:
        return None, reason
    moved = logits(scores)
    if how == "intercept":
        return _map(_fitted(labels, np.ones((len(labels), 1)), patients, offset=moved)[0], 1.0)
    if how == "intercept and slope":
        return _map(*_fitted(labels, _with_ones(moved), patients))
    return _temperature(labels, moved, patients)


def _temperature(
    labels: Ints, moved: Floats, patients: Ints
) -> tuple[Recalibration | None, str | None]:
    """Fit the slope of a line through the origin; it must be finite and above 0."""
    signed = np.where(labels == 1, moved, -moved)
    if (signed >= 0).all():
        return None, "separation: 0.5 divides the classes without an error"
    if signed.sum() <= 0:  # the slope of the likelihood at 0
        return None, "no temperature above 0: probabilities are higher where scans are negative"
    return _map(0.0, _fitted(labels, moved[:, None], patients)[0])


def _fitted(
    labels: Ints, design: Floats, patients: Ints, offset: Floats | None = None
) -> list[Clustered]:
    """Return the coefficients of a logistic fit with standard errors clustered by patient."""
    _, groups = np.unique(patients, return_inverse=True)
    n, balanced = int(groups.max()) + 1, n_balanced(labels, patients=patients)
    model: Any = GLM(labels.astype(np.float64), design, family=Binomial(), offset=offset)
    # the correction of statsmodels also multiplies by (N - 1) / (N - K) scans
    options = {"groups": groups, "use_correction": False}
    start = _maximum(labels, design, np.zeros(len(labels)) if offset is None else offset)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        fit = model.fit(start_params=start, tol=1e-12, cov_type="cluster", cov_kwds=options)
    factor = np.sqrt(n / max(1, n - 1))
    if not np.isfinite([*fit.params, *fit.bse]).all():
        return [Clustered(None, reason="the fit has no finite maximum")] * design.shape[1]
    return [
        Clustered(float(value), float(error * factor) if n > 1 else None, balanced)
        for value, error in zip(fit.params, fit.bse, strict=True)
    ]


def _maximum(labels: Ints, design: Floats, offset: Floats) -> Floats:
    """Return where the likelihood is highest, by Newton steps that are halved where it would fall.

    The steps of statsmodels are not, and from 0 they miss the maximum where logits are extreme.
    """
    signed = np.where(labels == 1, 1.0, -1.0)

    def loss(at: Floats) -> float:
        return float(np.logaddexp(0, -signed * (design @ at + offset)).sum())

    at = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        fitted = expit(design @ at + offset)
        bread = design.T @ (design * (fitted * (1 - fitted))[:, None])
        step = np.linalg.pinv(bread) @ design.T @ (labels - fitted)
        for _ in range(_STEPS):
            if loss(at + step) <= loss(at):
                break
            step /= 2
        at = at + step
        if np.abs(step).max() < _NEAR:
            break
    return at


_STEPS, _NEAR = 100, 1e-12


def _with_ones(column: Floats) -> Floats:
    return np.stack([np.ones_like(column), column], axis=1)


def _map(
    at_0: Clustered | float, slope: Clustered | float
) -> tuple[Recalibration | None, str | None]:
    """Return the recalibration of fitted or fixed numbers, or the reason why there is none."""
    values = [of if isinstance(of, float) else of.value for of in (at_0, slope)]
    if values[0] is None or values[1] is None:
        return None, next(of.reason for of in (at_0, slope) if isinstance(of, Clustered))
    return Recalibration(values[0], values[1]), None
