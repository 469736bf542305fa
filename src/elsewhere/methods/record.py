"""record: what a training run reports beside its weights: history, record, cost (A-40, A-49)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design.budgets import Training
from elsewhere.files import csv_lines, whole
from elsewhere.methods.fit import Budget, Fitted, Validation
from elsewhere.networks.describe import count_parameters, describe

HISTORY = ("iteration", "learning_rate", "loss", "selection_score")
SECONDS_A_DAY = 86_400


def write_history(history: Sequence[Validation], path: Path) -> None:
    """Write history.csv, one row per validation.

    Where a method reports the score of each site, each has a column ``score_<site>``.
    """
    sites = [*dict.fromkeys(site for row in history for site in row.by_site)]
    lines: list[list[Any]] = [[*HISTORY, *(f"score_{site}" for site in sites)]]
    for row in history:
        values = (row.iteration, row.learning_rate, row.loss, row.score)
        lines.append([*values, *(row.by_site.get(site) for site in sites)])
    with whole(path) as part:
        part.write_text(csv_lines(lines), encoding="utf-8", newline="")


def write_json(values: Mapping[str, Any], path: Path) -> None:
    """Write values as JSON; equal values give equal bytes."""
    with whole(path) as part:
        text = json.dumps(values, indent=2, sort_keys=True, allow_nan=False)
        part.write_text(text + "\n", encoding="utf-8")


def result(fitted: Fitted, budget: Budget, *, selection: str) -> dict[str, Any]:
    """Return what was trained and which weights were kept; without times, to be reproducible."""
    return {
        "status": "ok",
        "reason": None,
        "parameters": count_parameters(fitted.network),
        "architecture": [dataclasses.asdict(row) for row in describe(fitted.network, budget.input)],
        "best_iteration": fitted.best.iteration,
        "selection_score": fitted.best.score,
        "selection": f"{selection} {budget.training.select_by}",
        "iterations": fitted.iterations or budget.training.iterations,
        "device_kind": budget.training.device,
        "torch": torch.__version__,
    }


def scans(
    train: Mapping[str, Cohort],
    valid: Mapping[str, Cohort],
    training: Training,
    *,
    fitted: Fitted,
) -> dict[str, Any]:
    """Return the number of scans of each site and the epochs over them (A-40)."""
    sizes = {site: len(cohort) for site, cohort in train.items()}
    return {
        "n_train": sizes,
        "n_valid": {site: len(cohort) for site, cohort in valid.items()},
        "epochs": fitted.epochs or epochs(sizes, training),
    }


def epochs(sizes: Mapping[str, int], training: Training) -> dict[str, float]:
    """Return the number of passes over each site's training scans (A-40): scans drawn / scans."""
    drawn = training.iterations * training.batch_size * training.accumulate
    if training.sampling == "pooled":
        return {site: drawn / sum(sizes.values()) for site in sizes}
    return {site: drawn / len(sizes) / size for site, size in sizes.items()}


def cost(fitted: Fitted, training: Training) -> dict[str, Any]:
    """Return the cost of the run: time, speed and memory (A-49), and of a federation the rounds."""
    iterations = fitted.iterations or training.iterations
    rounds = {"rounds": [dict(row) for row in fitted.rounds]} if fitted.rounds else {}
    return rounds | {
        "wall_seconds": fitted.seconds,
        "validation_seconds": fitted.validation_seconds,
        "iterations_per_second": iterations / fitted.seconds,
        "gpu_days": fitted.seconds / SECONDS_A_DAY if training.device == "cuda" else 0.0,
        "peak_memory_mb": fitted.peak_memory_mb,
        "device": fitted.device,
    }
