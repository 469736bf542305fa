"""measures: all numbers of one set of judged scans: an M of metrics.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elsewhere.design.scoring import Scoring
from elsewhere.scores import confusion, discrimination, intervals
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.intervals import Draws, Interval, Unit

_AUC = (
    "auc",
    "auc_se",
    "auc_low",
    "auc_high",
    "auc_bootstrap_low",
    "auc_bootstrap_high",
    "auc_grid",
)
_DROPOUT = ("auc_mc_mean", "auc_mc_sd")
_SHARES = ("accuracy", "sensitivity", "specificity")
_CALLS = (
    *_SHARES,
    *(f"{name}_{end}" for name in _SHARES for end in ("low", "high")),
    "f1",
    "precision",
)
_THRESHOLD = ("threshold", "threshold_rule")
_CURVES = ("roc", "roc_mc")


@dataclass(frozen=True)
class Judged:
    """Test scans, one entry a scan.

    Attributes
    ----------
    labels
        0 or 1, shape [n].
    scores
        Probability of class 1, shape [n].
    calls
        Whether the scan is called positive, shape [n].
    patients
        Patient number, shape [n].
    passes
        Labels [k] and probabilities [k] of each Monte-Carlo dropout pass.
    unit
        What is numbered in `patients`: images where a site publishes no patient keys.
    """

    labels: Ints
    scores: Floats
    calls: NDArray[np.bool_]
    patients: Ints
    passes: tuple[tuple[Ints, Floats], ...]
    unit: Unit = "patient"


def absent(status: str, reason: str | None) -> dict[str, Any]:
    """Return an M in which every number is None: no scan was judged."""
    counts = dict.fromkeys(("n_patients", "n_scans", "n_positive"), 0)
    numbers = dict.fromkeys((*_AUC, *_DROPOUT, *_CALLS, *_THRESHOLD, *_CURVES))
    extras: dict[str, Any] = {"confusion": None, "intervals": {}, "undefined": {}}
    return {
        **counts,
        **numbers,
        **extras,
        "bootstrap_failed": 0,
        "status": status,
        "reason": reason,
    }


def measure(judged: Judged, *, scoring: Scoring) -> dict[str, Any]:
    """Return an M of metrics.json, without fold, seed and threshold (A-51 to A-57).

    What cannot be computed is None. ``status`` tells whether the AUC is defined and ``reason`` why
    it is not; ``undefined`` has a reason for every other measure that is None, ``intervals`` the
    method of every interval, ``bootstrap_failed`` the resamples without an AUC. How many patients
    there are is None where images are all that can be counted.
    """
    reason = discrimination.undefined(judged.labels)
    found = absent("undefined" if reason else "ok", reason=reason)
    if judged.labels.size == 0:
        return found
    draws = intervals.resample(
        judged.labels, patients=judged.patients, n=scoring.bootstrap, seed=scoring.seed
    )
    found["n_scans"] = len(judged.labels)
    known = judged.unit == "patient"
    found["n_patients"] = len(np.unique(judged.patients)) if known else None
    found["n_positive"] = int(judged.labels.sum())
    _add_calls(found, judged, draws, scoring.confidence)
    if reason:
        found["undefined"]["auc"] = reason
        return found
    _add_auc(found, judged, draws, scoring.confidence)
    _add_dropout(found, judged)
    return found


def _add_calls(found: dict[str, Any], judged: Judged, draws: Draws, confidence: float) -> None:
    counts = confusion.count(judged.labels, calls=judged.calls)
    values, reasons = confusion.measures(counts)
    found.update(values)
    found["confusion"] = counts._asdict()
    found["undefined"].update(reasons)
    for name, interval in _share_intervals(judged, draws, confidence).items():
        _put(found, name, interval)


def _share_intervals(judged: Judged, draws: Draws, confidence: float) -> dict[str, Interval]:
    """Return bootstrap intervals; Wilson's where one class or faultless calls leave no spread."""
    labels, right = judged.labels, judged.calls == (judged.labels == 1)
    of = dict(zip(_SHARES, (labels >= 0, labels == 1, labels == 0), strict=True))
    resampled = intervals.resampled_shares(labels, calls=judged.calls, draws=draws)
    one_class = discrimination.undefined(labels) is not None
    found = {}
    for name, chosen in of.items():
        if not chosen.any():
            continue
        interval = intervals.percentile_interval(
            getattr(resampled, name), confidence=confidence, unit=judged.unit
        )
        if one_class or interval is None:
            n_patients = len(np.unique(judged.patients[chosen]))
            share = float(right[chosen].mean())
            interval = intervals.wilson(
                share, n=n_patients, confidence=confidence, unit=judged.unit
            )
        found[name] = interval
    return found


def _add_auc(found: dict[str, Any], judged: Judged, draws: Draws, confidence: float) -> None:
    labels, scores = judged.labels, judged.scores
    exact = intervals.delong(labels, scores=scores[None], patients=judged.patients)
    found["auc"] = float(exact.auc[0])
    found["auc_se"] = intervals.standard_error(exact)
    named: Any = {"confidence": confidence, "unit": judged.unit}
    _put(found, "auc", intervals.auc_interval(exact, **named))
    resampled = intervals.resampled_auc(labels, scores=scores, draws=draws)
    found["bootstrap_failed"] = int(np.isnan(resampled).sum())
    _put(found, "auc_bootstrap", intervals.percentile_interval(resampled, **named))
    roc = discrimination.grid_roc(labels, scores=scores)
    found["auc_grid"] = discrimination.grid_auc(roc)
    found["roc"] = {name: values.tolist() for name, values in roc._asdict().items()}


def _add_dropout(found: dict[str, Any], judged: Judged) -> None:
    """Add what the Monte-Carlo passes give, if there are any (A-57)."""
    passes = [
        (labels, scores) for labels, scores in judged.passes if not discrimination.undefined(labels)
    ]
    if not passes:
        return
    areas = np.array([discrimination.auc(labels, scores=scores) for labels, scores in passes])
    found["auc_mc_mean"], found["auc_mc_sd"] = discrimination.mean_sd(areas)
    if len(passes) > 1:
        band = discrimination.band(
            [discrimination.empirical_roc(labels, scores=scores) for labels, scores in passes]
        )
        found["roc_mc"] = {name: values.tolist() for name, values in band._asdict().items()}


def _put(found: dict[str, Any], name: str, interval: Interval | None) -> None:
    if interval is None:
        found["intervals"][name] = "none: every resample gives the same value"
        return
    found[f"{name}_low"], found[f"{name}_high"], found["intervals"][name] = interval
