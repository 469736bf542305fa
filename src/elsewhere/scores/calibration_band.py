"""calibration_band: how sure a calibration curve is, and its mean distance from the diagonal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from elsewhere.scores.calibration import LEAST
from elsewhere.scores.calibration_curve import Curve, LocalLines, Resampled, index, near
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.intervals import t_value, z_value

CENTRAL = (0.05, 0.95)  # quantiles of the probabilities between which there is a band
_HALVINGS, _FAR = 30, 2.0**20


def central(scores: Floats, at: Floats) -> slice:
    """Return which places of a curve [k] lie between the 5th and 95th percentile of probabilities.

    Beyond, the curve rests on a scan or two at its end, and is not shown.
    """
    low, high = np.quantile(scores, CENTRAL)
    return slice(int(np.searchsorted(at, low)), int(np.searchsorted(at, high, side="right")))


def band(
    labels: Ints, *, scores: Floats, lines: LocalLines, confidence: float
) -> tuple[Floats, Floats]:
    """Return the lower and the upper end of the pointwise band [k]; NaN of too few patients.

    A local line is a weighted mean of labels: with weights l it tells as much as 1 / sum(l^2)
    independent scans, and as fewer as the variance clustered by patient is larger. The limits are
    Wilson's score limits with this number, and Student's t for the patients that count, two less.
    They have a width where all scans near are of one class, which resampled patients do not show.

    Parameters
    ----------
    labels, scores
        0 or 1, and probability of class 1, shape [n].
    lines
        Of these scans.
    """
    share = lines.curve().share
    away = labels - np.interp(scores, lines.at, share)
    ends = np.full((2, len(share)), np.nan)
    for number, node in enumerate(lines.at):
        weight = _weights(scores, float(node), lines.span)
        n, patients = _worth(weight, away, lines.patient)
        if patients >= LEAST:
            ends[:, number] = _score_limits(share[number], n, t_value(confidence, patients - 2))
    return ends[0], ends[1]


def _weights(scores: Floats, node: float, span: float) -> Floats:
    """Return the weights, of sum 1, with which labels make the local line at a node [n]."""
    away, weight = near(scores, node, span)
    w, x, xx = weight.sum(), weight @ away, weight @ away**2
    spread = w * xx - x**2
    line: Floats = weight * (xx - x * away) / spread if spread > 1e-9 * w**2 else weight / w
    return line


def _worth(weight: Floats, away: Floats, patient: Ints) -> tuple[float, float]:
    """Return how many independent scans a weighted mean is worth, and how many patients count."""
    square = float(weight @ weight)
    of_patient = np.bincount(patient, np.abs(weight))
    moved = weight * away
    n_patients = len(of_patient)
    clustered = (
        float((np.bincount(patient, moved) ** 2).sum()) * n_patients / max(1, n_patients - 1)
    )
    alone, most = float(moved @ moved), float(of_patient @ of_patient) / square
    related = clustered / alone if alone > 0 else most
    return 1 / (square * min(max(related, 1.0), most)), float(of_patient.sum() ** 2) / (
        most * square
    )


def _score_limits(share: float, n: float, t: float) -> tuple[float, float]:
    centre, half = share + t**2 / (2 * n), (share * (1 - share) / n + t**2 / (4 * n * n)) ** 0.5
    low, high = ((centre + side * t * half) / (1 + t**2 / n) for side in (-1, 1))
    return max(0.0, low), min(1.0, high)


def ici_limits(
    curve: Curve, resamples: Resampled, *, ends: tuple[Floats, Floats], confidence: float
) -> tuple[float, float]:
    """Return the limits of the ICI; the lower one is 0 where the curve may be the diagonal.

    The index of a sample is above the true one: chance moves a curve off the diagonal, and
    resamples move it off once more. So the test is inverted: curves are tried whose distance from
    the diagonal is that of the sample times a factor, with the deviations of the resamples about
    them, as wide as the band. Limits belong to the factors at which an index as low, or as high, as
    the one found is as rare as the confidence says. That takes the shape of the curve for known, so
    that limits may be too near; each is the farther one of this and of the resamples' percentile.

    Parameters
    ----------
    curve, resamples
        Of the same local lines.
    ends
        Of its band.
    """
    tail = (1 - confidence) / 2
    away, noise = curve.share - curve.at, resamples.share - curve.share
    half = (ends[1] - ends[0]) / 2 / z_value(confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        wider = half / np.nanstd(noise, axis=0)
    noise = noise * np.where(np.isfinite(wider), np.maximum(wider, 1), 1)

    def rare(factor: float, share: float) -> float:
        moved = np.clip(curve.at + factor * away + noise, 0, 1) - curve.at
        return float(np.nanquantile(index(moved, resamples.counted), share))

    most = max(curve.ici, float(np.nanquantile(resamples.ici, 1 - tail)))
    if curve.ici == 0:
        return 0.0, max(most, rare(0.0, 1 - tail))
    end = 1.0
    while rare(end, tail) <= curve.ici and end < _FAR:
        end *= 2
    low = _factor(lambda factor: rare(factor, 1 - tail) < curve.ici, 0.0, 1.0)
    high = _factor(lambda factor: rare(factor, tail) <= curve.ici, 0.0, end)
    least = min(low * curve.ici, float(np.nanquantile(resamples.ici, tail)))
    return least, min(1.0, max(most, high * curve.ici))


def _factor(below: Callable[[float], bool], low: float, high: float) -> float:
    """Return where a condition, true on the left, ceases to hold; the left end if nowhere."""
    if not below(low):
        return low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return low
