"""worth: what an arm is worth at each site of its study: the numbers of its cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elsewhere.answers.answer import Number, Worth
from elsewhere.answers.question import Question

_ABSENT = {"status": "not run", "reason": "not scored here"}


def of_sites(question: Question) -> tuple[Worth, ...]:
    """Return what the arm is worth at every site, for every finding or class."""
    found = []
    for row in question.rows:
        scored = question.parts(row) if row in question.cells else {}
        for output in question.outputs or ("",):
            pooled = scored[output]["pooled"] if output in scored else _ABSENT
            found.append(_worth(question, row, output, pooled))
    return tuple(found)


def _worth(question: Question, row: str, output: str, pooled: Mapping[str, Any]) -> Worth:
    ran = pooled["status"] != "not run"
    return Worth(
        site=row,
        title=question.title(row),
        trained_on=row in question.trained_on,
        output=output,
        n_patients=pooled.get("n_patients"),
        n_positive_patients=pooled.get("n_positive_patients"),
        n_scans=pooled.get("n_scans"),
        n_positive=pooled.get("n_positive"),
        auc=_number(pooled, "auc"),
        sensitivity=_number(pooled, "sensitivity"),
        specificity=_number(pooled, "specificity"),
        confidence=question.study.scoring.confidence,
        reason="" if ran else str(pooled.get("reason") or "not run"),
    )


def _number(pooled: Mapping[str, Any], name: str) -> Number:
    """Return a number with its interval; without an interval it is not shown."""
    value, low, high = (pooled.get(f"{name}{end}") for end in ("", "_low", "_high"))
    if value is not None and low is not None and high is not None:
        return Number(float(value), float(low), float(high))
    told = (pooled.get("undefined") or {}).get(name) or pooled.get("reason")
    return Number(None, None, None, str(told or "no metric of the study"))
