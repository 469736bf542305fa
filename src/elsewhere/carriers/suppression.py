"""suppression: what of a hospital's scores may leave it: no scan, no curve, no small numbers.

A number of few patients tells about each of them. What rests on fewer positive or negative patients
than the agreement says is not published, and the reason stands in its place. Neither is what would
let them be counted: where one class is small, what rests on all the others is withheld as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from elsewhere.scores.run_thresholds import SPREAD

FEWEST = 5  # patients: many statistical offices withhold counts below it
UNKNOWN = "it is not known which scans are of one patient"
_ABOUT = ("study", "arm", "site", "confidence", "patient_key")
# A threshold is the probability of a scan, and what is said of it counts scans and patients.
_NEVER = ("fold", "seed", "threshold", "threshold_rule", *SPREAD, "roc_mc")
# What rests on positive scans alone, or on negative ones, and can be told where the others are few.
_RESTS_ON = {"positive": "sensitivity", "negative": "specificity"}


def published(
    metrics: Mapping[str, Any], rows: pd.DataFrame, *, fewest: int = FEWEST
) -> dict[str, Any]:
    """Return the scores of a cell that may leave the hospital.

    Parameters
    ----------
    metrics
        Content of the cell's metrics.json.
    rows
        Predictions of the cell, by which patients are counted.
    fewest
        Positive patients, and negative ones, on which a number must rest.

    Returns
    -------
    dict
        ``parts``: of each finding or class, or of "" where scans have one of two labels, the
        single numbers (values, bounds, counts), ``status`` and ``reason``. ``all_classes``: the
        same of several classes together.
    """
    cells = metrics.get("findings") or {"": metrics}
    tested = rows[rows["part"] == "test"]
    few = {name: _few(tested[tested["finding"] == name], fewest) for name in cells}
    together = metrics.get("classes")
    answer = {name: metrics.get(name) for name in _ABOUT}
    answer |= {"computed": "at the site", "fewest_patients": fewest}
    if metrics.get("patient_key") == "none":
        answer["parts"] = {name: _undefined(cell, UNKNOWN) for name, cell in cells.items()}
        return answer
    names = ", ".join(name for name, words in few.items() if "positive" in words)
    if together is not None and names:
        reason = f"fewer than {fewest} patients are of class {names}"
        answer["parts"] = {
            name: _kept(cell, [] if "positive" in few[name] else ["sensitivity"], reason)
            for name, cell in cells.items()
        }
        return answer | {"all_classes": _undefined(together, reason)}
    parts = {}
    for name, words in few.items():
        reason = f"fewer than {fewest} {' and '.join(words)} patients"
        kept = _kept(cells[name], _enough(words, alone=len(cells) == 1), reason)
        parts[name] = kept if words else _numbers(cells[name])
    answer["parts"] = parts
    return answer if together is None else answer | {"all_classes": _numbers(together)}


def patients(rows: pd.DataFrame) -> dict[str, int]:
    """Return the number of patients with a positive scan, and of those with a negative one."""
    of_label = rows.groupby("label")["patient_id"].nunique()
    return {"positive": int(of_label.get(1, 0)), "negative": int(of_label.get(0, 0))}


def _few(rows: pd.DataFrame, fewest: int) -> list[str]:
    return [word for word, count in patients(rows).items() if count < fewest]


def _enough(few: list[str], *, alone: bool) -> list[str]:
    """Return what rests on enough patients, where others are few.

    Beside other findings it is nothing: they tell how many patients there are in all, and these
    without those of the one label leave the few of the other.
    """
    return [name for word, name in _RESTS_ON.items() if alone and few and word not in few]


def _kept(cell: Mapping[str, Any], metrics: list[str], reason: str) -> dict[str, Any]:
    """Return the numbers of some metrics of a cell, and why the others are not told."""
    answer = _undefined(cell, reason)
    if answer["status"] == "not run":
        return answer
    kept = {
        name: value for name, value in _numbers(cell).items() if name.startswith(tuple(metrics))
    }
    return {**kept, **answer}


def _undefined(cell: Mapping[str, Any], reason: str) -> dict[str, Any]:
    if cell["status"] == "not run":
        return {"status": "not run", "reason": cell["reason"]}
    return {"status": "undefined", "reason": reason}


def _numbers(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is one number or text each: no curve, no table of calls, no run of its own."""
    return {
        name: value
        for name, value in cell["pooled"].items()
        if name not in _NEVER and (value is None or isinstance(value, (str, int, float)))
    }
