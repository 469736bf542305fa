"""calibrated: how well probabilities of test scans agree with labels, with intervals."""

from __future__ import annotations

from typing import Any

import numpy as np

from elsewhere.scores import calibration, calibration_curve
from elsewhere.scores.calibration_band import band, central, ici_limits
from elsewhere.scores.clustered import Clustered, mean, standard_error
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.intervals import Interval
from elsewhere.scores.metric import Sample
from elsewhere.scores.several import Number, number, of_estimate

AGREEMENT = ("intercept", "slope", "oe", "ici")


def errors(sample: Sample, scores: Floats) -> dict[str, Number]:
    """Return ``brier``, the mean squared error, and ``brier_scaled``, 1 where it is 0.

    Parameters
    ----------
    scores
        Probabilities of the sample's scans, its own or recalibrated ones [n].
    """
    labels, patients = sample.judged.labels, sample.judged.patients
    return {
        "brier": of_estimate(brier(labels, scores, patients), sample=sample, scale="logit"),
        "brier_scaled": of_estimate(
            brier_scaled(labels, scores, patients), sample=sample, scale="log of 1 - x"
        ),
    }


def brier(labels: Ints, scores: Floats, patients: Ints) -> Clustered:
    """Return the Brier score: the mean squared distance of probability and label."""
    return mean((scores - labels) ** 2, patients=patients)


def brier_scaled(labels: Ints, scores: Floats, patients: Ints) -> Clustered:
    """Return 1 - Brier / (p (1 - p)): 1 is perfect, 0 no better than the prevalence p for all.

    Undefined where all scans are of one class.
    """
    reason = calibration.obstacle(labels, patients=patients, least=1)
    if reason:
        return Clustered(None, reason=reason)
    squares, share = (scores - labels) ** 2, labels.mean()
    most, score = share * (1 - share), squares.mean()
    # to first order in the errors of the Brier score and of the prevalence
    moved = -(squares - score) / most + score * (1 - 2 * share) * (labels - share) / most**2
    error = standard_error(moved / len(labels), patients=patients)
    return Clustered(
        float(1 - score / most), error, calibration.n_balanced(labels, patients=patients)
    )


def agreement(sample: Sample, scores: Floats) -> tuple[dict[str, Number], dict[str, Any] | None]:
    """Return intercept, slope, O:E and ICI, and the curve with its band; None without a curve.

    Nothing is defined where one probability divides the classes: no label is then off its
    probability in a way that varies over patients, and intervals would be far too narrow.
    Parameters as of `errors`. The curve has the lists ``at``, ``share``, ``low`` and ``high``.
    """
    judged = sample.judged
    equal = scores.min() == scores.max()
    reason = calibration.obstacle(judged.labels, patients=judged.patients)
    if reason is None and not equal:
        reason = calibration.separated(judged.labels, scores=scores)
    if reason:
        return dict.fromkeys(AGREEMENT, number(None, None, reason=reason)), None
    given: dict[str, Any] = {"scores": scores, "patients": judged.patients}
    numbers = {
        "intercept": of_estimate(calibration.intercept(judged.labels, **given), sample=sample),
        "slope": of_estimate(calibration.slope(judged.labels, **given), sample=sample),
        "oe": of_estimate(
            calibration.observed_expected(judged.labels, **given), sample=sample, scale="log"
        ),
    }
    if equal:
        return numbers | {"ici": number(None, None, reason="all probabilities are equal")}, None
    index, curve = _curve(sample, scores)
    return numbers | {"ici": index}, curve


def _curve(sample: Sample, scores: Floats) -> tuple[Number, dict[str, Any]]:
    """Return the ICI of all scans, and the curve between the outermost probabilities."""
    judged, scoring = sample.judged, sample.scoring
    given: dict[str, Any] = {"scores": scores, "patients": judged.patients}
    guide, _ = calibration.recalibration(judged.labels, **given, how="intercept and slope")
    lines = calibration_curve.local_lines(judged.labels, **given, guide=guide)
    curve, resamples = lines.curve(), lines.resampled(scoring.bootstrap, seed=scoring.seed)
    confidence = scoring.confidence
    ends = band(judged.labels, scores=scores, lines=lines, confidence=confidence)
    limits = ici_limits(curve, resamples, ends=ends, confidence=confidence)
    method = f"inverted bootstrap of {judged.unit}s, {scoring.bootstrap} resamples"
    share = np.where(np.isfinite(ends[0]), curve.share, np.nan)  # none is shown without its band
    lists = {"at": curve.at, "share": share, "low": ends[0], "high": ends[1]}
    kept = central(scores, curve.at)
    shown = {name: _list(values[kept]) for name, values in lists.items()}
    return number(curve.ici, Interval(*limits, method)), shown


def _list(values: Floats) -> list[float | None]:
    """Return values as JSON has them: without NaN."""
    return [None if np.isnan(value) else float(value) for value in values]
