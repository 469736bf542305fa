"""measures: computes the metrics that a study names for one set of judged test scans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elsewhere.design import kinds
from elsewhere.design.metric_rows import metric_row
from elsewhere.design.scoring import Scoring
from elsewhere.scores import discrimination
from elsewhere.scores.metric import Judged, Measured, Metric, Sample

NO_SPREAD = "none: every resample gives the same value"


def absent(status: str, reason: str | None, *, metrics: Sequence[str]) -> dict[str, Any]:
    """Return the numbers of a cell in which no scan was judged: every metric is None."""
    fields = [field for name in metrics for field in metric_row(name).fields]
    return {
        **dict.fromkeys(("n_patients", "n_scans", "n_positive"), 0),
        **dict.fromkeys((*fields, "threshold", "threshold_rule")),
        "confusion": None,
        "intervals": {},
        "undefined": {},
        "status": status,
        "reason": reason,
    }


def measure(judged: Judged, *, scoring: Scoring) -> dict[str, Any]:
    """Return the numbers of one run or of pooled runs, without fold, seed and threshold.

    What cannot be computed is None. ``status`` says whether an AUC is defined and ``reason`` why
    it is not; ``undefined`` has a reason for every metric that is None, ``intervals`` the
    method of every interval. The number of patients is None where only images can be counted.
    """
    reason = discrimination.undefined(judged.labels)
    numbers = absent("undefined" if reason else "ok", reason, metrics=scoring.metrics)
    if judged.labels.size == 0:
        return numbers
    sample = Sample(judged, scoring)
    known = judged.unit == "patient"
    numbers["n_scans"] = len(judged.labels)
    numbers["n_patients"] = len(np.unique(judged.patients)) if known else None
    numbers["n_positive"] = int(judged.labels.sum())
    numbers["confusion"] = sample.counts._asdict()
    for name in scoring.metrics:
        metric = kinds.implementation("metrics", name, Metric)  # type: ignore[type-abstract]
        _put(numbers, name, metric().measure(sample))
    return numbers


def _put(numbers: dict[str, Any], name: str, measured: Measured) -> None:
    """Enter the result of a metric under its name."""
    if measured.reason is not None:
        numbers["undefined"][name] = measured.reason
    for suffix, reason in measured.reasons.items():
        numbers["undefined"][f"{name}{suffix}"] = reason
    if measured.value is not None:
        numbers[name] = measured.value
    for suffix, interval in measured.intervals.items():
        key = f"{name}{suffix}"
        if interval is None:
            numbers["intervals"][key] = NO_SPREAD
        else:
            numbers[f"{key}_low"], numbers[f"{key}_high"], numbers["intervals"][key] = interval
    numbers.update(measured.more)
