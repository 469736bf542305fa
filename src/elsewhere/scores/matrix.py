"""matrix: writes matrix.csv, the generalization matrix with a row per run and per pooled cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from elsewhere.design.arm import Arm
from elsewhere.design.metric_rows import columns as metric_columns
from elsewhere.files import write_rows

ABOUT = (
    *("study", "arm", "method", "network", "selection", "unseen", "anonymous", "models_of"),
    *("train_sites", "test_site", "finding", "label_policy", "patient_key", "fold", "seed"),
)


def numbers(metrics: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of numbers: counts, those of the named metrics, and the threshold."""
    return ("n_patients", "n_scans", "n_positive", *metric_columns(metrics), "threshold")


def columns(metrics: Iterable[str]) -> tuple[str, ...]:
    """Return all columns of matrix.csv of a study with these metrics."""
    return (*ABOUT, *numbers(metrics), "status")


def rows(
    cells: Iterable[Mapping[str, Any]],
    *,
    arms: Mapping[str, Arm],
    sites: Sequence[str],
    metrics: Sequence[str],
) -> list[dict[str, Any]]:
    """Return the rows of matrix.csv: arms, then sites, then runs, in their declared order (A-51).

    Parameters
    ----------
    cells
        Contents of metrics.json, in any order; where scans have findings one per finding, with its
        ``finding`` and the ``label_policy`` that made its labels.
    arms
        The study's arms in the order of the matrix.
    sites
        Test sites in the order of the columns, as named in the cells.
    metrics
        Those of the study.

    Raises
    ------
    ValueError
        If a cell of an arm and a site is missing: no cell is dropped in silence.
    """
    by_place: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for cell in cells:
        by_place.setdefault((cell["arm"], cell["site"]), []).append(cell)
    wanted = [(arm, site) for arm in arms for site in sites]
    missing = [f"{arm}/{site}" for arm, site in wanted if (arm, site) not in by_place]
    if missing:
        raise ValueError(f"no metrics of {', '.join(missing)}; expected one of each arm and site")
    return [
        row
        for arm, site in wanted
        for cell in by_place[arm, site]
        for row in _cell_rows(cell, arms[arm], numbers(metrics))
    ]


def write(table: Iterable[Mapping[str, Any]], path: Path, *, metrics: Sequence[str]) -> None:
    """Write rows as CSV; an undefined number is an empty field, and the status says so.

    ``n_patients`` is empty where ``patient_key`` is none: only images can be counted.
    """
    write_rows(table, path, columns=columns(metrics))


def _cell_rows(cell: Mapping[str, Any], arm: Arm, shown: Sequence[str]) -> list[dict[str, Any]]:
    """Return one row per run and a pooled one; for one run its own row suffices."""
    runs = [*cell["runs"]]
    if len(runs) != 1:
        runs.append(cell["pooled"])
    about = {
        "study": cell["study"],
        "arm": cell["arm"],
        "method": arm.method,
        "network": arm.network,
        "selection": arm.selection,
        "unseen": arm.unseen,
        "anonymous": "yes" if arm.anonymous else "no",
        "models_of": arm.models_of,
        "train_sites": "+".join(cell["training_sites"]),
        "test_site": cell["site"],
        "finding": cell.get("finding", ""),
        "label_policy": cell.get("label_policy", ""),
        "patient_key": cell["patient_key"],
    }
    return [
        about | {name: run[name] for name in ("fold", "seed", *shown, "status")} for run in runs
    ]
