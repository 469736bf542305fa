"""costs: tables of what training and prediction cost, as the steps recorded it (A-49)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elsewhere.figures import words
from elsewhere.figures.results import Results

DAY_S = 86_400
TRAIN_NAMES = ("device", "wall time", "GPU-days", "peak memory MB")


def read(paths: Mapping[str, Path]) -> dict[str, Any]:
    """Return the content of every JSON file of a table of paths."""
    return {key: json.loads(path.read_text(encoding="utf-8")) for key, path in paths.items()}


def ledger(
    results: Results,
    train: Mapping[str, Mapping[str, Any]],
    predict: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the tables of the report's cost section.

    Parameters
    ----------
    train
        "<arm>/<run>" to cost.json: ``wall_seconds``, ``device``, ``gpu_days``, ``peak_memory_mb``.
    predict
        "<arm>/<row of the site>" to cost.json: ``seconds_per_prediction``.
    """
    labels = {row.name: row.label for row in results.rows}
    walls = [
        cost["wall_seconds"] for cost in train.values() if cost.get("wall_seconds") is not None
    ]
    gpu_days = sum(cost.get("gpu_days") or 0.0 for cost in train.values())
    return {
        "sentence": f"Runs: {len(walls)}; wall time in all: {duration(sum(walls))}; "
        f"GPU-days: {gpu_days:.3g}.",
        "train_names": TRAIN_NAMES,
        "train": [
            {
                "label": labels[key.split("/")[0]],
                "run": key.split("/")[1],
                "shown": _training(cost),
            }
            for key, cost in train.items()
        ],
        "predict": [
            {
                "label": row.label,
                "shown": [
                    _seconds(predict[f"{row.name}/{column.row}"]) for column in results.columns
                ],
            }
            for row in results.rows
        ],
    }


def duration(seconds: float) -> str:
    """Write a duration with the unit that suits it."""
    for size, unit in ((DAY_S, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def _training(cost: Mapping[str, Any]) -> list[str]:
    if cost.get("wall_seconds") is None:
        return [words.NOT_RUN] + [""] * (len(TRAIN_NAMES) - 1)
    memory = cost.get("peak_memory_mb")
    return [
        str(cost.get("device") or ""),
        duration(cost["wall_seconds"]),
        f"{cost.get('gpu_days') or 0.0:.3g}",
        "" if memory is None else f"{memory:,.0f}",
    ]


def _seconds(cost: Mapping[str, Any]) -> str:
    seconds = cost.get("seconds_per_prediction")
    return words.NOT_RUN if seconds is None else f"{seconds:.3g}"
