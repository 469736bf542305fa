"""summary: compares AUCs on own and unseen sites, and computes the spread over runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from elsewhere.scores.discrimination import mean_sd


class Place(NamedTuple):
    """A cell with a defined pooled AUC, and whether the arm was trained on its site."""

    arm: str
    site: str
    kind: Literal["own", "unseen"]
    n_training_sites: int
    auc: float
    auc_low: float
    auc_high: float


class Mean(NamedTuple):
    """Mean AUC over cells, each with equal weight; None without cells."""

    auc: float | None
    n_cells: int


class Summary(NamedTuple):
    """Mean AUCs of groups of cells, which say whether a model works elsewhere.

    Attributes
    ----------
    own
        Cells whose site is among the arm's training sites.
    unseen
        All other cells.
    difference
        ``own`` minus ``unseen``; None if one of them has no cell.
    own_of_single, own_of_several
        ``own`` of the arms trained on one site, and on several sites.
    left_out
        "<arm>/<site>" to the reason why the cell has no AUC.
    """

    own: Mean
    unseen: Mean
    difference: float | None
    own_of_single: Mean
    own_of_several: Mean
    left_out: dict[str, str]


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
        )
        for cell in cells
        if cell["pooled"]["auc"] is not None
    ]


def summarise(cells: Iterable[Mapping[str, Any]]) -> Summary:
    """Compare mean AUCs on own and on unseen sites, over cells with a defined AUC."""
    given = list(cells)
    defined = places(given)
    own = _mean(place for place in defined if place.kind == "own")
    unseen = _mean(place for place in defined if place.kind == "unseen")
    difference = None if own.auc is None or unseen.auc is None else own.auc - unseen.auc
    return Summary(
        own=own,
        unseen=unseen,
        difference=difference,
        own_of_single=_mean(p for p in defined if p.kind == "own" and p.n_training_sites == 1),
        own_of_several=_mean(p for p in defined if p.kind == "own" and p.n_training_sites > 1),
        left_out={
            f"{cell['arm']}/{cell['site']}": f"{cell['status']}: {cell['reason']}"
            for cell in given
            if cell["pooled"]["auc"] is None
        },
    )


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


def _mean(chosen: Iterable[Place]) -> Mean:
    values = [place.auc for place in chosen]
    return Mean(sum(values) / len(values) if values else None, len(values))
