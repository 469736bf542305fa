"""roc_curve: the ROC curve whose area is printed, and a pointwise band over patients around it.

The curve of one model is the empirical one; of several models it is their vertical mean, so that
its area is the mean of their AUCs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import GRID, Floats, Ints, empirical_roc, undefined
from elsewhere.scores.intervals import Unit, z_value
from elsewhere.scores.single_models import ModelScans

MOST = 300  # corners; a curve of more is drawn at as many rates from 0 to 1

Curve = tuple[Floats, Floats]


class Curved(NamedTuple):
    """A ROC curve [k] and its band at the 101 false positive rates of `GRID`."""

    fpr: Floats
    tpr: Floats
    low: Floats
    high: Floats
    method: str


def curved(
    models: Sequence[ModelScans], *, confidence: float, unit: Unit = "patient"
) -> Curved | None:
    """Return the mean curve of the models with its pointwise band; None if none has both classes.

    At a false positive rate, sensitivity is uncertain in two ways: by the positive patients, and by
    the negative ones, of whom the true rate may be reached at a stricter or a laxer threshold. Each
    part has Wilson's limits with the effective number of patients; they are combined as limits of
    independent parts are (Zou and Donner 2008). Patients are clusters in both.

    Parameters
    ----------
    models
        Test scans of each model.
    confidence
        Of the interval at each rate alone, not of all together.
    unit
        What is numbered as patients.
    """
    ranked = [model for model in models if undefined(model.labels) is None]
    if not ranked:
        return None
    curves = [empirical_roc(model.labels, scores=model.scores) for model in ranked]
    low, high = _band(ranked, curves, z_value(confidence))
    method = f"pointwise, Wilson, clustered by {unit}, in both directions"
    return Curved(*_mean(curves), low, high, method)


def mean_curve(models: Sequence[ModelScans]) -> Curve | None:
    """Return the mean curve of the models alone; None if none has both classes."""
    ranked = [model for model in models if undefined(model.labels) is None]
    if not ranked:
        return None
    return _mean([empirical_roc(model.labels, scores=model.scores) for model in ranked])


def _mean(curves: Sequence[Curve]) -> Curve:
    """Average curves at every rate where one of them bends, below and above each vertical step."""
    rates = np.unique(np.concatenate([fpr for fpr, _ in curves]))
    if len(rates) > MOST:
        rates = np.linspace(0, 1, MOST)
    foot = np.mean([_foot(curve, rates) for curve in curves], axis=0)
    top = np.mean([_top(curve, rates) for curve in curves], axis=0)
    return np.repeat(rates, 2), np.stack([foot, top], axis=1).ravel()


def _top(curve: Curve, rates: Floats) -> Floats:
    """Return a curve at some rates; at a vertical step its top, as np.interp gives it."""
    heights: Floats = np.interp(rates, *curve)
    return heights


def _foot(curve: Curve, rates: Floats) -> Floats:
    """Return a curve at some rates; at a vertical step its foot."""
    fpr, tpr = curve
    heights: Floats = 1 - np.interp(1 - rates, 1 - fpr[::-1], 1 - tpr[::-1])
    return heights


def _band(models: Sequence[ModelScans], curves: Sequence[Curve], z: float) -> tuple[Floats, Floats]:
    """Return the lower and the upper limit of sensitivity at each rate of `GRID`."""
    cuts = [_cuts(model, curve) for model, curve in zip(models, curves, strict=True)]
    (called, n_positive), (_, n_negative) = (_shares(models, cuts, label) for label in (1, 0))
    y_low, y_high = _wilson(called, n_positive, z)

    def at(rates: Floats) -> Floats:
        inside = np.mean([_top(curve, np.clip(rates, 0, 1)) for curve in curves], axis=0)
        return np.where(rates < 0, 0.0, inside)

    # rates that a sample of so many shows where the true rate is that of the grid: Wilson's test
    shift = z * np.sqrt(GRID * (1 - GRID) / n_negative)
    y = at(GRID)
    low = y - np.hypot(np.minimum(y_low - y, 0), y - at(GRID - shift))
    high = y + np.hypot(np.maximum(y_high - y, 0), at(GRID + shift) - y)
    low[0], low[-1] = 0.0, 1.0  # at rate 1 every scan is called positive
    return np.maximum.accumulate(low.clip(0, 1)), high.clip(0, 1)


def _cuts(model: ModelScans, curve: Curve) -> Floats:
    """Return the lowest threshold at which a model's rate does not exceed each rate of `GRID`."""
    values = np.append(np.inf, np.unique(model.scores)[::-1])
    cuts: Floats = values[np.searchsorted(curve[0], GRID + 1e-12, side="right") - 1]
    return cuts


def _shares(
    models: Sequence[ModelScans], cuts: Sequence[Floats], label: int
) -> tuple[Floats, Floats]:
    """Return the share of the scans of a label at or above the cuts, mean over models, and n.

    The effective number of patients is that of a share with the clustered variance; where all or
    none of the scans are above, it is the number of patients.
    """
    chosen = [(m.scores[m.labels == label], m.patients[m.labels == label]) for m in models]
    patients, cluster = np.unique(np.concatenate([keys for _, keys in chosen]), return_inverse=True)
    ends = np.cumsum([len(keys) for _, keys in chosen])[:-1]
    clusters = np.split(cluster, ends)
    sums, share = np.zeros((len(patients), len(GRID))), np.zeros(len(GRID))
    for (scores, _), of_scan, cut in zip(chosen, clusters, cuts, strict=True):
        called = _called(scores, of_scan, cut, len(patients))
        n_scans = np.bincount(of_scan, minlength=len(patients))
        of_model = called.sum(axis=0) / len(scores)
        size = max(int((n_scans > 0).sum()), 2)
        centred = (called - np.outer(n_scans, of_model)) / len(scores)
        sums += centred * (size / (size - 1)) ** 0.5 / len(models)
        share += of_model / len(models)
    variance, binomial = (sums**2).sum(axis=0), share * (1 - share)
    n = np.full(len(GRID), float(len(patients)))
    spread = variance > 1e-15
    n[spread] = np.clip(binomial[spread] / variance[spread], 1, sum(len(s) for s, _ in chosen))
    return share, n


def _called(scores: Floats, of_scan: Ints, cuts: Floats, n_patients: int) -> Floats:
    """Count the scans of each patient at or above each cut, [patients, cuts]."""
    counts = [np.bincount(of_scan, weights=scores >= cut, minlength=n_patients) for cut in cuts]
    called: Floats = np.stack(counts, axis=1)
    return called


def _wilson(share: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / (1 + z**2 / n)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def corners(curve: Curved) -> dict[str, list[float]]:
    """Return the curve and its band as metrics.json holds them."""
    named: dict[str, NDArray[np.float64]] = {
        "fpr": curve.fpr,
        "tpr": curve.tpr,
        "band_fpr": GRID,
        "band_low": curve.low,
        "band_high": curve.high,
    }
    return {name: values.tolist() for name, values in named.items()}
