"""paper: reads the numbers of a study's paper from the tables in figures/published."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent / "published"
OF_TESTS, OF_REVIEW = "_tests.csv", "_review.csv"
OF_CLAIMS, OF_COUNTS, OF_COSTS = "_claims.csv", "_counts.csv", "_costs.csv"
OF_NETWORKS = "_networks.csv"


def read(name: str) -> list[dict[str, str]]:
    """Return the published numbers of a study: requirement, arm, site, metric, number, source.

    A study of several findings also has a column ``finding``.

    Raises
    ------
    FileNotFoundError
        If there is no such file of published numbers.
    """
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        known = ", ".join(
            sorted(table.stem for table in FOLDER.glob("*.csv") if not _beside_numbers(table))
        )
        raise FileNotFoundError(f"published: no numbers of '{name}' ({path}); there are {known}")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tests(name: str | None) -> list[dict[str, str]]:
    """Return the published p-values of a study: requirement, arm, against, site, p, source.

    Few papers give any: without a file of them, or without published numbers, the list is empty.
    """
    return _listed(name, OF_TESTS)


def claims(name: str | None) -> list[dict[str, str]]:
    """Return the claims of a paper about its numbers: the rows that `scores.claim.claim` reads.

    Without a file of them, or without published numbers, the list is empty.
    """
    return _listed(name, OF_CLAIMS)


def counts(name: str | None) -> list[dict[str, str]]:
    """Return the published counts of a study: requirement, site, part, quantity, value, source.

    Without a file of them, or without published numbers, the list is empty.
    """
    return _listed(name, OF_COUNTS)


def beside(count: Mapping[str, str] | None) -> dict[str, str]:
    """Return the columns of a published count, for a row of ours; empty if the paper has none."""
    count = count or {}
    columns = {"published": "value", "requirement": "requirement", "source": "source"}
    return {column: count.get(name, "") for column, name in columns.items()}


def networks(name: str | None) -> list[dict[str, str]]:
    """Return the layers of a paper's networks at its scale, alike ones together, in order of use.

    Columns: network, kind, shape (channels first, as ``8 x 128 x 512 x 512``), layers (how many),
    parameters (of all these). They are computed from the settings (`commands.paper_networks`).
    Without a file of them, or without published numbers, the list is empty.
    """
    return _listed(name, OF_NETWORKS)


def costs(name: str | None) -> list[dict[str, str]]:
    """Return what a paper says its training and prediction cost: requirement, quantity, site...

    Quantities are ``epochs`` over the training scans of a site alone, ``days_per_model``,
    ``gpu_days`` of all models, and ``seconds_per_prediction``; further columns are value and
    source. Without a file of them, or without published numbers, the list is empty.
    """
    return _listed(name, OF_COSTS)


def review(name: str | None) -> list[dict[str, str]]:
    """Return a reader's judgement of misclassified images in a paper, a row per image and network.

    Columns: requirement, finding, image, ground_truth, network, probability, impression, source.
    Without a file of them the list is empty.
    """
    return _listed(name, OF_REVIEW)


def _listed(name: str | None, of: str) -> list[dict[str, str]]:
    path = FOLDER / f"{name}{of}"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _beside_numbers(path: Path) -> bool:
    return path.name.endswith((OF_TESTS, OF_CLAIMS, OF_COUNTS, OF_COSTS, OF_REVIEW, OF_NETWORKS))
