"""summary: says which cells are of own and of unseen sites; computes the spread over runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from elsewhere.scores.discrimination import mean_sd


class Place(NamedTuple):
    """A cell with a defined AUC, and whether the arm was trained on its site."""

    arm: str
    site: str
    kind: Literal["own", "unseen"]
    n_training_sites: int
    auc: float
    auc_low: float
    auc_high: float
    finding: str = ""


class Spread(NamedTuple):
    """A measure over runs (D-06, D-40).

    ``mean`` is the mean over all runs, so F1 is the mean of the runs' F1. ``sd_over_seeds`` is the
    standard deviation over seeds of the mean over folds, ``sd_over_runs`` that over all runs; None
    for fewer than two. [AMB] D-06: the paper does not say which it prints. The measure is defined
    in ``n_runs`` of the cell's ``of_runs``; ``n_seeds`` have such a run.
    """

    mean: float | None
    sd_over_seeds: float | None
    sd_over_runs: float | None
    n_seeds: int
    n_runs: int
    of_runs: int


def places(cells: Iterable[Mapping[str, Any]]) -> list[Place]:
    """Return the cells with a defined AUC, own and unseen, in the order given."""
    return [
        Place(
            arm=cell["arm"],
            site=cell["site"],
            kind="own" if cell["site"] in cell["training_sites"] else "unseen",
            n_training_sites=len(cell["training_sites"]),
            **{name: cell["pooled"][name] for name in ("auc", "auc_low", "auc_high")},
            finding=cell.get("finding", ""),
        )
        for cell in cells
        if cell["pooled"]["auc"] is not None
    ]


def spread(cell: Mapping[str, Any], *, measure: str) -> Spread:
    """Return mean and standard deviation of a measure over the runs of a cell (D-06).

    Parameters
    ----------
    cell
        Content of metrics.json.
    measure
        Name of a metric, such as ``accuracy``; runs in which it is None are left out, and counted.
    """
    by_seed: dict[int, list[float]] = {}
    for run in cell["runs"]:
        if run[measure] is not None:
            by_seed.setdefault(run["seed"], []).append(run[measure])
    if not by_seed:
        return Spread(None, None, None, 0, 0, len(cell["runs"]))
    runs = np.array([value for values in by_seed.values() for value in values])
    seeds = np.array([np.mean(values) for values in by_seed.values()])
    mean, sd_over_runs = mean_sd(runs)
    sd_over_seeds = mean_sd(seeds)[1]
    return Spread(mean, sd_over_seeds, sd_over_runs, len(seeds), len(runs), len(cell["runs"]))
