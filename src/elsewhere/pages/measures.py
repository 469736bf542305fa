"""measures: which numbers of a cell a page can show, what they are called, and how coloured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from elsewhere.design.metric_rows import metric_row
from elsewhere.figures import words
from elsewhere.scores.classes import NUMBERS

STEPS = 20  # of the colours in app.css: class v0 is 0, v20 is 1
SHORT = {"oe": "O:E", "ici": "ICI", "ppv": "PPV", "npv": "NPV", "brier": "Brier score"}
TOGETHER = {
    "multiclass_accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_auc": "mean AUC of the classes",
}
DEFINED = {  # docs/statistics.md
    "multiclass_accuracy": "Scans whose most probable class is the true one, among all scans.",
    "balanced_accuracy": "Mean over the classes of the share of their scans that are called right.",
    "macro_auc": "Mean over the classes of the AUC of each against the rest.",
}
WHERE = {  # of a threshold
    "training": "threshold of the training sites",
    "local": "threshold of this site",
    "gain": "gained by the threshold of this site",
}
RULES = {"accuracy": "highest accuracy", "sensitivity_90": "90 % sensitivity"}
REQUIREMENT = re.compile(r" \([A-C]-\d+\)|(?<=\()[A-C]-\d+; |; [A-C]-\d+(?=\))")  # of a paper
AREAS = ("auc", "auc_grid", "macro_auc")  # 0.5 is chance
SHARES = (
    *("accuracy", "sensitivity", "specificity", "f1", "precision"),
    *("multiclass_accuracy", "balanced_accuracy"),
)


@dataclass(frozen=True)
class Measure:
    """A number of a cell.

    Attributes
    ----------
    name
        Its key in metrics.json.
    title
        What it is called.
    group
        The metric that it is a part of.
    definition
        What it is, in one line.
    """

    name: str
    title: str
    group: str
    definition: str


def measures(metrics: Iterable[str]) -> dict[str, Measure]:
    """Return the numbers that have intervals, of the metrics of a study, by name."""
    found = {}
    for metric in metrics:
        row = metric_row(metric)
        for name in row.columns:
            if f"{name}_low" in row.columns:
                title = _title(name, metric, row.title)
                found[name] = Measure(name, title, row.title, REQUIREMENT.sub("", row.definition))
    return found


def together() -> dict[str, Measure]:
    """Return the numbers of several classes at once, by name."""
    return {name: Measure(name, TOGETHER[name], "all classes", DEFINED[name]) for name in NUMBERS}


def colour(name: str, value: float | None) -> str:
    """Return the class of app.css that colours a number: of an area, of a share, or none."""
    if value is None:
        return "none"
    kind = "area" if name in AREAS else "share" if name in SHARES else ""
    return f"{kind} v{round(min(max(value, 0), 1) * STEPS)}" if kind else "plain"


def why(cell: Mapping[str, Any], pooled: Mapping[str, Any], name: str) -> str:
    """Return why a cell has not this number."""
    if cell["status"] == words.NOT_RUN:
        return f"{words.NOT_RUN}: {words.reason(cell)}"
    undefined = pooled.get("undefined")
    known = undefined.get(name) if isinstance(undefined, Mapping) else None
    return str(known or words.reason(cell))


def _title(name: str, metric: str, title: str) -> str:
    if name == metric:
        return title
    if metric == "transport":
        rule, number, where = name.removeprefix("transport_").rsplit("_", 2)
        return f"{number}, {WHERE[where]} (by {RULES[rule]})"
    parts = name.removeprefix(f"{metric}_").split("_")
    return f"{title}: {' '.join(SHORT.get(part, part) for part in parts)}"
