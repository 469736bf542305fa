"""classes: scores of more than two classes at once: their confusion matrix and what it gives.

Each class against the rest is scored by `cell`, as a finding is. Here the classes compete: a scan
is called of the class with the highest probability, the first of equals (C-28, C-29, C-31).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from elsewhere.design.scoring import Scoring
from elsewhere.scores import discrimination, intervals
from elsewhere.scores.cell import Predicted
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.intervals import Draws, Unit
from elsewhere.scores.measures import NO_SPREAD, measure
from elsewhere.scores.metric import Judged
from elsewhere.scores.predictions import RUN, classes
from elsewhere.scores.run_thresholds import apart

NUMBERS = ("multiclass_accuracy", "balanced_accuracy", "macro_auc")
BY_CLASS = ("sensitivity", "specificity")


class Scans(NamedTuple):
    """Test scans.

    Attributes
    ----------
    labels
        Position of the class of each scan, [n].
    probabilities
        Of each class, mean over the runs, [n, classes].
    patients
        Patient number, [n].
    """

    labels: Ints
    probabilities: Floats
    patients: Ints

    @property
    def calls(self) -> Ints:
        """Position of the most probable class, the first of equals, [n]."""
        calls: Ints = self.probabilities.argmax(axis=1)
        return calls


def assemble(test: Predicted, *, scoring: Scoring) -> dict[str, Any]:
    """Return what metrics.json of a cell says of all classes together, by run and pooled.

    Parameters
    ----------
    test
        Predictions of the cell's site, rows of all classes.
    scoring
        Confidence, resamples and seed.

    Returns
    -------
    dict
        ``runs``, ``pooled``, ``status`` and ``reason``. An entry has ``confusion`` (rows: truth,
        columns: calls, in the order of the study), ``n_by_class``, `NUMBERS` with their bounds,
        and ``by_class``; ``undefined`` has the reason of every number that is None, and
        ``intervals`` the method of every interval.
    """
    names = classes(test.metadata)
    tested = test.frame[test.frame["part"] == "test"]
    about = {"fold": "pooled", "seed": "pooled"}
    if tested.empty:
        status = "not run" if test.metadata["status"] == "not run" else "undefined"
        reason = test.metadata.get("reason") or "the predictions have no test scans"
        pooled = about | _absent(names, status, reason)
        return {"runs": [], "pooled": pooled, "status": status, "reason": reason}
    runs = [
        {name: int(rows[name].iloc[0]) for name in RUN} | _measured(rows, names, scoring, test.unit)
        for _, rows in tested.groupby(RUN, sort=True)
    ]
    pooled = runs[0] if len(runs) == 1 else _measured(tested, names, scoring, test.unit)
    pooled = pooled | about
    return {"runs": runs, "pooled": pooled, "status": pooled["status"], "reason": pooled["reason"]}


def scans(rows: pd.DataFrame, names: Sequence[str]) -> Scans:
    """Return the scans of prediction rows, a row per scan, run and class, sorted by scan."""
    by_scan = rows.groupby(["scan_id", "finding"], sort=True)
    probabilities = by_scan["probability_1"].mean().unstack()[[*names]]
    labels = by_scan["label"].first().unstack()[[*names]]
    patients = rows.groupby("scan_id", sort=True)["patient_id"].first()
    return Scans(
        labels.to_numpy(np.int64).argmax(axis=1),
        probabilities.to_numpy(np.float64),
        pd.factorize(patients)[0].astype(np.int64),
    )


def beside(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows of one class, with a column for the probability of each class.

    Parameters
    ----------
    rows
        Prediction rows of all classes.
    name
        The class.
    """
    if rows.empty:
        return rows
    key = ["scan_id", *RUN, "part"]
    wide = rows.pivot(index=key, columns="finding", values="probability_1")
    return rows[rows["finding"] == name].join(wide, on=key)


def called(rows: pd.DataFrame, names: Sequence[str], *, of: str) -> set[str]:
    """Return the test scans that are called of one class, by the mean over the runs (C-16).

    Parameters
    ----------
    rows
        Prediction rows of all classes.
    names
        The classes, in order.
    of
        One of them.
    """
    tested = rows[rows["part"] == "test"]
    if tested.empty:
        return set()
    hit = scans(tested, names).calls == list(names).index(of)
    return set(np.sort(tested["scan_id"].unique())[hit])


def confusion(tested: Scans, n_classes: int) -> Ints:
    """Return the counts of scans by class (rows) and call (columns), [classes, classes]."""
    places = tested.labels * n_classes + tested.calls
    counts: Ints = np.bincount(places, minlength=n_classes**2).reshape(n_classes, n_classes)
    return counts


def _measured(
    rows: pd.DataFrame, names: Sequence[str], scoring: Scoring, unit: Unit
) -> dict[str, Any]:
    """Measure every call that a run makes of a scan, and rank scans within each run."""
    each, run = apart(rows), rows.groupby(RUN, sort=True).ngroup().to_numpy()
    tested = scans(each, names)
    runs = pd.Series(run, index=each["scan_id"]).groupby(level=0, sort=True).first().to_numpy()
    counts = confusion(tested, len(names))
    numbers = _absent(names, "ok", None)
    labels = scans(rows, names).labels
    numbers["n_scans"] = len(labels)
    numbers["n_patients"] = len(np.unique(tested.patients)) if unit == "patient" else None
    of_class = np.bincount(labels, minlength=len(names)).tolist()
    numbers["n_by_class"] = dict(zip(names, of_class, strict=True))
    numbers["confusion"] = counts.tolist()
    numbers["by_class"] = {
        name: _against_rest(tested, number, scoring, unit) for number, name in enumerate(names)
    }
    numbers["undefined"] = _undefined(counts, names)
    drawn = _draws(tested, scoring)
    for name, value, resampled in _values(tested, counts, drawn, runs):
        if np.isnan(value):
            reason = "the test scans of no model are of all classes"
            numbers["undefined"].setdefault(name, reason)
        if name not in numbers["undefined"]:
            numbers[name] = value
            numbers |= _bounds(name, resampled, scoring, unit, numbers)
    reason = numbers["undefined"].get("macro_auc")
    return numbers | {"status": "undefined" if reason else "ok", "reason": reason}


def _absent(names: Sequence[str], status: str, reason: str | None) -> dict[str, Any]:
    """Return the numbers of a cell without test scans."""
    shares = [f"{name}{end}" for name in BY_CLASS for end in ("", "_low", "_high")]
    nothing: dict[str, Any] = {**dict.fromkeys(shares), "intervals": {}, "undefined": {}}
    bounds = [f"{name}{end}" for name in NUMBERS for end in ("", "_low", "_high")]
    return {
        **{"n_patients": 0, "n_scans": 0, "n_by_class": dict.fromkeys(names, 0)},
        **dict.fromkeys(bounds),
        "confusion": None,
        "by_class": dict.fromkeys(names, nothing),
        **{"intervals": {}, "undefined": {}, "status": status, "reason": reason},
    }


def _against_rest(tested: Scans, number: int, scoring: Scoring, unit: Unit) -> dict[str, Any]:
    """Return sensitivity and specificity of the calls of one class, with their intervals."""
    judged = Judged(
        labels=(tested.labels == number).astype(np.int64),
        scores=tested.probabilities[:, number],
        calls=tested.calls == number,
        patients=tested.patients,
        passes=(),
        unit=unit,
    )
    measured = measure(judged, scoring=scoring.model_copy(update={"metrics": BY_CLASS}))
    kept = [f"{name}{end}" for name in BY_CLASS for end in ("", "_low", "_high")]
    return {name: measured[name] for name in (*kept, "intervals", "undefined")}


def _undefined(counts: Ints, names: Sequence[str]) -> dict[str, str]:
    """Return why numbers that need every class are missing where a class is (C-25, C-32)."""
    n_of_class = counts.sum(axis=1)
    missing = [name for name, n in zip(names, n_of_class, strict=True) if not n]
    if not missing:
        return {}
    if len(missing) == len(names) - 1:
        only = names[int(n_of_class.argmax())]
        reason = f"all {n_of_class.max()} test scans are of class {only}"
    else:
        reason = f"no test scan is of class {', '.join(missing)}"
    return dict.fromkeys(("balanced_accuracy", "macro_auc"), reason)


def _draws(tested: Scans, scoring: Scoring) -> Draws:
    """Draw patients with replacement among those with scans of the same classes."""
    n_patients = int(tested.patients.max()) + 1
    has = np.zeros((n_patients, tested.probabilities.shape[1]), dtype=bool)
    has[tested.patients, tested.labels] = True
    _, strata = np.unique(has, axis=0, return_inverse=True)
    return intervals.resample_within(
        strata.ravel(), patient=tested.patients, n=scoring.bootstrap, seed=scoring.seed
    )


def _values(
    tested: Scans, counts: Ints, draws: Draws, runs: Ints
) -> list[tuple[str, float, Floats]]:
    """Return name, value and resampled values of `NUMBERS`; NaN where a class is missing."""
    n_classes, right = len(counts), tested.calls == tested.labels
    of_class = [tested.labels == number for number in range(n_classes)]

    def drawn(chosen: NDArray[Any]) -> Floats:
        """Return the number of these scans in each resample."""
        of_patient: Floats = np.bincount(draws.patient, weights=chosen).astype(np.float64)
        totals: Floats = draws.weights @ of_patient
        return totals

    accuracy = drawn(right) / drawn(np.ones(len(right)))
    with np.errstate(invalid="ignore", divide="ignore"):
        of_each = [drawn(right & of) / drawn(of) for of in of_class]
        shares = np.diag(counts) / counts.sum(axis=1)
    area, areas = _macro_auc(tested, draws, runs)
    return [
        ("multiclass_accuracy", float(right.mean()), accuracy),
        ("balanced_accuracy", float(shares.mean()), np.stack(of_each).mean(axis=0)),
        ("macro_auc", area, areas),
    ]


def _macro_auc(tested: Scans, draws: Draws, runs: Ints) -> tuple[float, Floats]:
    """Return the mean over runs and classes of the AUC against the rest, and of each resample.

    Runs that lack a class are left out; without any other the result is NaN.
    """
    areas, drawn = [], []
    for run in np.unique(runs):
        of_run = runs == run
        labels, scores = tested.labels[of_run], tested.probabilities[of_run]
        if len(np.unique(labels)) < scores.shape[1]:
            continue
        weights = Draws(draws.weights, draws.patient[of_run])
        for number, column in enumerate(scores.T):
            of_class = (labels == number).astype(np.int64)
            areas.append(discrimination.auc(of_class, scores=column))
            drawn.append(intervals.resampled_auc(of_class, scores=column, draws=weights))
    if not areas:
        return np.nan, np.full(len(draws.weights), np.nan)
    resampled: Floats = np.mean(drawn, axis=0)
    return float(np.mean(areas)), resampled


def _bounds(
    name: str, resampled: Floats, scoring: Scoring, unit: Unit, numbers: dict[str, Any]
) -> dict[str, Any]:
    """Return the bounds of a number, and the methods of all intervals with its own."""
    confidence = scoring.confidence
    interval = intervals.percentile_interval(resampled, confidence=confidence, unit=unit)
    if interval is None and name == "multiclass_accuracy":
        n = numbers["n_patients"] or numbers["n_scans"]
        interval = intervals.wilson(numbers[name], n=n, confidence=confidence, unit=unit)
    method = NO_SPREAD if interval is None else interval.method
    bounds = (
        {} if interval is None else {f"{name}_low": interval.low, f"{name}_high": interval.high}
    )
    return {**bounds, "intervals": {**numbers["intervals"], name: method}}
