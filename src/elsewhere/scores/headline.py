"""headline: the AUC that stands for a cell and its ROC curve; pooled scores stand beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from elsewhere.design.scoring import Scoring
from elsewhere.scores.delong import standard_error
from elsewhere.scores.discrimination import Floats, on_grid
from elsewhere.scores.intervals import Unit, auc_interval
from elsewhere.scores.roc_curve import corners, curved, mean_curve
from elsewhere.scores.single_models import MeanArea, ModelScans, by_model, mean_area

POOLED = ("auc_pooled", "auc_pooled_low", "auc_pooled_high")
POSITIVE = "n_positive_patients"
KEYS = (*POOLED, "pooling", POSITIVE)
AREA = ("auc", "auc_low", "auc_high", "auc_se")
GRID_AREA = ("auc_grid", "auc_grid_low", "auc_grid_high")
SAME_SCALE = 0.02  # AUC: by more, ranking scans across folds does not cost folds that are alike
ENSEMBLE = "mean of the models' probabilities"
ONE_SCALE, OTHER_SCALES = "folds are on one scale", "folds are not on one scale"


def with_curve(
    numbers: Mapping[str, Any], rows: pd.DataFrame, *, scoring: Scoring, unit: Unit
) -> dict[str, Any]:
    """Return the numbers of a run with its empirical ROC curve and band.

    Parameters
    ----------
    numbers
        As from `measures.measure`.
    rows
        Test rows of the run.
    scoring
        Confidence of the band.
    unit
        What is numbered as patients.
    """
    models = by_model(rows)
    return {
        **numbers,
        **dict.fromkeys(KEYS),
        **_positive(rows, unit),
        "roc": _curve(models, scoring, unit),
        **_on_grid(models, scoring),
    }


def of_models(
    numbers: Mapping[str, Any], rows: pd.DataFrame, *, scoring: Scoring, unit: Unit
) -> dict[str, Any]:
    """Return the numbers of a cell of several models, with the mean of their AUCs as its AUC.

    Parameters
    ----------
    numbers
        As from `measures.measure`, of the scores pooled over models.
    rows
        Test rows of all models.
    scoring
        Confidence of interval and band.
    unit
        What is numbered as patients.

    Returns
    -------
    dict
        ``auc`` with its bounds and standard error, and ``auc_grid``, are those of
        `single_models.mean_area`; ``roc`` has the mean curve. `POOLED` is the AUC of pooled scores,
        left out where folds are not on one scale; ``pooling`` says what it is. ``undefined`` has
        the reason of what is None.
    """
    models = by_model(rows)
    area = mean_area(models)
    found = {**numbers, "roc": _curve(models, scoring, unit), **_on_grid(models, scoring)}
    found |= dict.fromkeys(KEYS)
    found |= _positive(rows, unit)
    found["intervals"] = dict(numbers["intervals"])
    found["undefined"] = dict(numbers["undefined"])
    if area is None:
        reason = numbers["undefined"].get("auc") or "the test scans of no model have both classes"
        return _without(found, reason, scoring)
    found |= _entries("auc", area, found["intervals"], scoring=scoring, unit=unit)
    found["auc_se"] = standard_error(area.delong)
    cut = [model._replace(scores=on_grid(model.scores)) for model in models]
    if "auc_grid" in scoring.metrics and (of_grid := mean_area(cut)):
        found |= _entries("auc_grid", of_grid, found["intervals"], scoring=scoring, unit=unit)
    if area.n_models < area.of_models:
        found["undefined"]["auc_models"] = f"the others lack a class: {_counted(area)}"
    return found | _pooled(found, numbers, rows, area)


def _without(found: dict[str, Any], reason: str, scoring: Scoring) -> dict[str, Any]:
    """Return the numbers of a cell none of whose models has an AUC."""
    areas = {"auc": AREA} | ({"auc_grid": GRID_AREA} if "auc_grid" in scoring.metrics else {})
    for name, keys in areas.items():
        found |= dict.fromkeys(keys)
        found["intervals"].pop(name, None)
        found["undefined"][name] = reason
    return found | {"status": "undefined", "reason": reason}


def _entries(
    name: str, area: MeanArea, intervals: dict[str, str], *, scoring: Scoring, unit: Unit
) -> dict[str, float]:
    """Return a mean AUC with its bounds; put the method among the intervals."""
    low, high, method = auc_interval(
        area.delong, confidence=scoring.confidence, unit=unit, few=scoring.few_patients
    )
    intervals[name] = f"{_counted(area)}; {method}"
    return {name: area.auc, f"{name}_low": low, f"{name}_high": high}


def _positive(rows: pd.DataFrame, unit: Unit) -> dict[str, int | None]:
    """Count the patients with a positive scan; None where only images can be counted."""
    count = int(rows.loc[rows["label"] == 1, "patient_id"].nunique())
    return {POSITIVE: count if unit == "patient" else None}


def _curve(models: Sequence[ModelScans], scoring: Scoring, unit: Unit) -> dict[str, Any] | None:
    curve = curved(models, confidence=scoring.confidence, unit=unit)
    return None if curve is None else corners(curve) | {"band": curve.method}


def _on_grid(models: Sequence[ModelScans], scoring: Scoring) -> dict[str, Any]:
    """Return the curve of the grid's thresholds, of area ``auc_grid``, where that is a metric.

    It is the curve of scores that count as equal between two thresholds.
    """
    if "auc_grid" not in scoring.metrics:
        return {}
    found = mean_curve([model._replace(scores=on_grid(model.scores)) for model in models])
    return {"roc_grid": found and dict(zip(("fpr", "tpr"), map(_listed, found), strict=True))}


def _listed(values: Floats) -> list[float]:
    return [float(value) for value in values]


def _counted(area: MeanArea) -> str:
    return f"mean of {area.n_models} of {area.of_models} single models"


def _pooled(
    found: Mapping[str, Any], numbers: Mapping[str, Any], rows: pd.DataFrame, area: MeanArea
) -> dict[str, Any]:
    """Return the AUC of pooled scores, or why it is left out.

    Where each scan has a score of every model, it is that of their mean probability. Else scans of
    different folds are ranked against each other. That costs nothing where all folds are on one
    scale, so a pooled AUC that is not that of the folds shows that they are not.
    """
    values = dict(zip(POOLED, (numbers[f"auc{end}"] for end in ("", "_low", "_high")), strict=True))
    n_folds = rows.groupby("scan_id")["fold"].nunique()
    if (n_folds == rows["fold"].nunique()).all():
        return {**values, "pooling": ENSEMBLE}
    difference = numbers["auc"] - area.auc
    if abs(difference) <= SAME_SCALE:
        return {**values, "pooling": ONE_SCALE}
    reason = f"{OTHER_SCALES}: pooled {numbers['auc']:.2f}, mean of folds {area.auc:.2f}"
    undefined = {**found["undefined"], "auc_pooled": reason}
    return {**dict.fromkeys(POOLED), "pooling": OTHER_SCALES, "undefined": undefined}
