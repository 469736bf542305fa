"""classes: scores of more than two classes at once: their confusion matrix and what it gives.

Each class against the rest is scored by `cell`, as a finding is. Here the classes compete: a scan
is called of the class with the highest probability, the first of equals (C-28, C-29, C-31).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from elsewhere.design.scoring import Scoring
from elsewhere.scores import shares
from elsewhere.scores.cell import Predicted
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.estimates import Estimate, bounds, weighted
from elsewhere.scores.intervals import Interval, Unit, auc_interval
from elsewhere.scores.measures import measure
from elsewhere.scores.metric import Judged
from elsewhere.scores.predictions import RUN, classes
from elsewhere.scores.run_thresholds import apart
from elsewhere.scores.shares import Hits
from elsewhere.scores.single_models import by_model, mean_area

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
    tested, labels = scans(apart(rows), names), scans(rows, names).labels
    counts = confusion(tested, len(names))
    numbers = _absent(names, "ok", None)
    numbers["n_scans"] = len(labels)
    numbers["n_patients"] = len(np.unique(tested.patients)) if unit == "patient" else None
    of_class = np.bincount(labels, minlength=len(names)).tolist()
    numbers["n_by_class"] = dict(zip(names, of_class, strict=True))
    numbers["confusion"] = counts.tolist()
    numbers["by_class"] = {
        name: _against_rest(tested, number, scoring, unit) for number, name in enumerate(names)
    }
    numbers["undefined"] = _undefined(counts, names)
    ranked = _with_every_class(rows, names)
    if ranked.empty:
        reason = "the test scans of no model are of all classes"
        numbers["undefined"].setdefault("macro_auc", reason)
    for name in NUMBERS:
        if name not in numbers["undefined"]:
            numbers[name], interval = (
                _macro_auc(ranked, names, scoring, unit)
                if name == "macro_auc"
                else MEASURES[name](tested, scoring, unit)
            )
            numbers[f"{name}_low"], numbers[f"{name}_high"], numbers["intervals"][name] = interval
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


def _accuracy(tested: Scans, scoring: Scoring, unit: Unit) -> tuple[float, Interval]:
    """Return the share of right calls; its interval is that of the classes' at these shares."""
    right = tested.calls == tested.labels
    shares_of = np.bincount(tested.labels)[np.unique(tested.labels)] / len(right)
    return float(right.mean()), _of_shares(tested, shares_of, scoring, unit)


def _balanced(tested: Scans, scoring: Scoring, unit: Unit) -> tuple[float, Interval]:
    """Return the mean of the sensitivities of the classes."""
    right = tested.calls == tested.labels
    found = [float(right[tested.labels == number].mean()) for number in np.unique(tested.labels)]
    equal = np.full(len(found), 1 / len(found))
    return float(np.mean(found)), _of_shares(tested, equal, scoring, unit)


def _of_shares(tested: Scans, weights: Floats, scoring: Scoring, unit: Unit) -> Interval:
    """Return the interval of a weighted sum of the sensitivities of the classes that are there."""
    right = tested.calls == tested.labels
    of = [tested.labels == number for number in np.unique(tested.labels)]
    groups = [Hits(right[one], tested.patients[one]) for one in of]
    return shares.combined(
        groups,
        weights=weights.tolist(),
        confidence=scoring.confidence,
        unit=unit,
        few=scoring.few_patients,
    )


def _with_every_class(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the runs whose test scans are of all classes."""
    present = rows[rows["label"] == 1].groupby(RUN)["finding"].nunique()
    kept = present[present == len(names)].reset_index()[RUN]
    return rows.merge(kept, on=RUN)


def _macro_auc(
    rows: pd.DataFrame, names: Sequence[str], scoring: Scoring, unit: Unit
) -> tuple[float, Interval]:
    """Return the mean AUC of each class against the rest, and its interval from theirs.

    Of several runs the AUC of a class is the mean of theirs, as in its own cell.
    """
    means = [mean_area(by_model(rows[rows["finding"] == name])) for name in names]
    found = [mean.delong for mean in means if mean is not None]
    confidence, few = scoring.confidence, scoring.few_patients
    limits = [auc_interval(one, confidence=confidence, unit=unit, few=few) for one in found]
    areas = [float(one.auc[0]) for one in found]
    # where an AUC has no variance its correlation with others is not known: 1 gives the widest
    mean = weighted(
        [Estimate(area, *ends[:2]) for area, ends in zip(areas, limits, strict=True)],
        weights=[1 / len(areas)] * len(areas),
        correlation=shares.correlation(np.stack([one.of_patients for one in found]), unknown=1.0),
    )
    methods = " and ".join(dict.fromkeys(ends.method for ends in limits))
    return float(np.mean(areas)), Interval(*bounds(mean), f"MOVER of {methods}")


MEASURES = {"multiclass_accuracy": _accuracy, "balanced_accuracy": _balanced}
