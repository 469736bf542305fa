"""case_mix: how well a model would order these patients if its probabilities were right."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.logits import Recalibration, logits
from elsewhere.scores.resampling import Draws, blocks

FEWEST = 2  # validation scans of each class


def recalibrate(
    labels: Ints, *, scores: Floats, slope: float | None = None
) -> Recalibration | None:
    """Fit intercept and slope to validation scans by logistic regression with Platt's targets.

    Few validation scans are often separated perfectly, and maximum likelihood then has no finite
    slope. Platt (1999) keeps it finite: in place of 1 and 0 he fits (n1 + 1) / (n1 + 2) and
    1 / (n0 + 2), for n1 positive and n0 negative scans.

    Parameters
    ----------
    labels
        0 or 1, shape [n].
    scores
        Probability of class 1, shape [n].
    slope
        Slope that is kept, so that only the intercept is fitted; None: both are fitted.

    Returns
    -------
    Recalibration or None
        None if a class has fewer than two scans.
    """
    n_positive = int((labels == 1).sum())
    n_negative = len(labels) - n_positive
    if min(n_positive, n_negative) < FEWEST:
        return None
    targets = np.where(labels == 1, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    x = logits(scores)
    if slope is not None or np.ptp(x) == 0:
        kept = 0.0 if slope is None else slope
        found = [*_fitted(targets, np.ones((len(x), 1)), kept * x), kept]
    else:
        found = _fitted(targets, np.stack([np.ones(len(x)), x], axis=1), np.zeros(len(x)))
    return Recalibration(found[0], found[1])


def _fitted(targets: Floats, design: Floats, offset: Floats) -> list[float]:
    with warnings.catch_warnings():  # targets inside 0..1 keep the fit finite
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        model = GLM(targets, design, family=Binomial(), offset=offset)
        return [float(value) for value in model.fit().params]


def concordance(probabilities: Floats) -> float:
    """Return the model-based concordance of recalibrated probabilities [n], n at least 2.

    It is the AUC that is expected if every probability is right: over all pairs of different scans,
    p_i (1 - p_j) is the chance that the first is positive and the second negative (van Klaveren et
    al. 2016, Stat Med 35:4136). It depends on how far apart the patients are, and on no label.
    """
    return float(_concordance(np.ones((1, len(probabilities)), np.int32), probabilities)[0])


def resampled_concordance(probabilities: Floats, *, draws: Draws) -> Floats:
    """Return the model-based concordance of each resample [b]; a scan is no pair with itself."""
    parts = [
        _concordance(np.take(draws.weights[rows], draws.patient, axis=1), probabilities)
        for rows in blocks(len(draws.weights), len(probabilities))
    ]
    return np.concatenate(parts)


def _concordance(weights: NDArray[np.int32], probabilities: Floats) -> Floats:
    order = np.argsort(probabilities, kind="stable")
    p = probabilities[order]
    positive = weights[:, order] * p
    negative = weights[:, order] * (1 - p)
    below = np.zeros((len(weights), len(p) + 1))
    np.cumsum(negative, axis=1, out=below[:, 1:])
    ends = [np.searchsorted(p, p, side) for side in ("left", "right")]
    own = (positive * negative).sum(axis=1)
    won = sum((positive * np.take(below, end, axis=1)).sum(axis=1) for end in ends) / 2 - own / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Floats = won / (positive.sum(axis=1) * below[:, -1] - own)
    return shares
