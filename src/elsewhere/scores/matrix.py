"""matrix: writes matrix.csv, the generalization matrix with a row per run and per pooled cell.

Of more than two classes a cell has rows of each class against the rest, and of all classes. Of two,
each arm also has rows of its average over sites and of the scans of all sites combined.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from elsewhere.design.arm import Arm
from elsewhere.design.metric_rows import columns as metric_columns
from elsewhere.design.paths import AVERAGE
from elsewhere.files import write_rows
from elsewhere.scores import at_site, averages, headline
from elsewhere.scores.classes import NUMBERS
from elsewhere.scores.run_thresholds import SPREAD

ABOUT = (
    *("study", "arm", "method", "network", "selection", "unseen", "anonymous", "models_of"),
    *("train_sites", "test_site", "test_sites", "finding", "label_policy", "patient_key"),
    *("fold", "seed"),
)


TOGETHER = "all classes"  # the finding of rows about more than two classes at once
OF_CLASSES = tuple(f"{name}{end}" for name in NUMBERS for end in ("", "_low", "_high"))


def numbers(metrics: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of numbers: counts, those of the named metrics, and the threshold.

    ``auc_pooled`` is the AUC of scores pooled over the models of a cell, as ``pooling`` says;
    ``threshold_patients`` counts the validation patients that chose a threshold.
    """
    counts = ("n_patients", "n_positive_patients", "n_scans", "n_positive")
    pooled = (*headline.POOLED, "pooling")
    return (*counts, *metric_columns(metrics), *pooled, "threshold", *SPREAD[:3])


def columns(metrics: Iterable[str], *, exclusive: bool = False) -> tuple[str, ...]:
    """Return all columns of matrix.csv of a study with these metrics, of several classes or not."""
    return (*ABOUT, *numbers(metrics), *(OF_CLASSES if exclusive else ()), "status")


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


def of_classes(
    cells: Iterable[Mapping[str, Any]], *, arms: Mapping[str, Arm], sites: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the rows about all classes together, in the order of `rows` (C-28, C-32).

    Parameters
    ----------
    cells
        Contents of metrics.json of a study of more than two classes, in any order.
    arms, sites
        As in `rows`.
    """
    shown = ("n_patients", "n_scans", *OF_CLASSES)
    by_place = {(cell["arm"], cell["site"]): cell for cell in cells}
    return [
        row
        for arm in arms
        for site in sites
        for cell in [by_place[arm, site]]
        for row in _cell_rows(
            {**cell, **cell["classes"], "finding": TOGETHER, "label_policy": "argmax"},
            arms[arm],
            shown,
        )
    ]


def of_sites(
    cells: Iterable[Mapping[str, Any]],
    *,
    arms: Mapping[str, Arm],
    metrics: Sequence[str],
    without: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Return the average of each arm over its test sites, with equal weight for each (A-54).

    Parameters
    ----------
    cells
        Contents of metrics.json, sites in the order of the columns; those that were not run do not
        count. ``test_sites`` names the others.
    arms, metrics
        As in `rows`.
    without
        Sites, as named in the cells, that a second row for each arm leaves out.
    """
    given = list(cells)
    left_out = tuple(dict.fromkeys(cell["site"] for cell in given if cell["site"] in without))
    return [
        _average_row([cell for cell in given if cell["arm"] == arm], arms[arm], metrics, out)
        for arm in arms
        for out in (((), left_out) if left_out else ((),))
    ]


def write(
    table: Iterable[Mapping[str, Any]],
    path: Path,
    *,
    metrics: Sequence[str],
    exclusive: bool = False,
) -> None:
    """Write rows as CSV; an undefined number is an empty field, and the status says so.

    With ``exclusive`` there are columns of all classes together, empty in rows of one class.
    ``n_patients`` is empty where ``patient_key`` is none: only images can be counted.
    """
    names = columns(metrics, exclusive=exclusive)
    filled = ({**dict.fromkeys(names), **row} for row in table) if exclusive else table
    write_rows(filled, path, columns=names)


def _cell_rows(cell: Mapping[str, Any], arm: Arm, shown: Sequence[str]) -> list[dict[str, Any]]:
    """Return one row per run and a pooled one; for one run its own row suffices.

    Where a site has computed its numbers itself, a row of them takes the place of these.
    """
    runs: list[Mapping[str, Any]] = [*cell["runs"]]
    if len(runs) != 1:
        runs.append(cell["pooled"])
    of_site = at_site.numbers(cell, cell.get("finding", ""))
    if of_site is not None:
        runs = [{**dict.fromkeys(shown), **of_site}]
    about = _about(cell, arm)
    return [
        about | {name: run[name] for name in ("fold", "seed", *shown, "status")} for run in runs
    ]


def _average_row(
    cells: Sequence[Mapping[str, Any]], arm: Arm, metrics: Sequence[str], left_out: tuple[str, ...]
) -> dict[str, Any]:
    kept = {cell["site"]: _last(cell) for cell in cells if cell["site"] not in left_out}
    ran = {site: numbers for site, numbers in kept.items() if numbers["status"] != "not run"}
    shown = ("fold", "seed", *numbers(metrics), "status")
    found = averages.numbers([*ran.values()], metrics=metrics)
    keys = {cell["patient_key"] for cell in cells if cell["site"] in ran}
    named = {
        "site": f"{AVERAGE} without {'+'.join(left_out)}" if left_out else AVERAGE,
        "sites": [*ran],
        "patient_key": "none" if "none" in keys else next(iter(keys), None),
    }
    return _about({**cells[0], **named}, arm) | {name: found[name] for name in shown}


def _last(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the numbers of the last row of a cell: pooled, or those that the site computed."""
    return at_site.numbers(cell, cell.get("finding", "")) or cell["pooled"]


def _about(cell: Mapping[str, Any], arm: Arm) -> dict[str, Any]:
    return {
        "study": cell["study"],
        "arm": cell["arm"],
        "method": arm.method,
        "network": arm.network,
        "selection": "last round" if arm.federation else arm.selection,
        "unseen": arm.unseen,
        "anonymous": "yes" if arm.anonymous else "no",
        "models_of": arm.models_of,
        "train_sites": "+".join(cell["training_sites"]),
        "test_site": cell["site"],
        "test_sites": "+".join(cell.get("sites", [cell["site"]])),
        "finding": cell.get("finding", ""),
        "label_policy": cell.get("label_policy", ""),
        "patient_key": cell["patient_key"],
    }
