"""answer: the headline of the report: what models lose elsewhere, and what that rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from elsewhere.figures import words
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Metrics, Results
from elsewhere.scores import predictions
from elsewhere.scores.audited import worst
from elsewhere.scores.estimates import Estimate
from elsewhere.scores.loss import Key, within_sites
from elsewhere.scores.single_models import MeanArea, by_model, mean_area
from elsewhere.scores.summary import Place, places

LEFT_OUT = "without arms chosen on test or applied a second time"


class Basis(NamedTuple):
    """What the headline rests on, in words: who was tested, the worst shortcut, what is missing."""

    tested: str
    shortcut: str
    left_out: list[str]


def answer(given: Given) -> list[dict[str, str]]:
    """Return the headline numbers, each with its interval and its meaning.

    Models are compared at the same test site: those trained there, and those that never saw it.
    Every model counts once (see `Row.counted`), or once per finding; every site equally.
    """
    placed, areas = _placed(given), _areas(given)
    own = [place for place in placed if place.kind == "own"]
    unseen = [place for place in placed if place.kind == "unseen"]
    lost = within_sites(own, unseen, areas=areas)
    left = "" if all(row.counted for row in given.results.rows) else f"; {LEFT_OUT}"
    sites = f"{len(lost.by_site)} of {len(given.results.columns)} test sites"
    items = [
        _item(lost.first, f"mean AUC where they were trained, {lost.n_first} cells{left}"),
        _item(
            lost.second,
            "mean AUC elsewhere: at the same sites, models that never saw them (0.5 = chance), "
            f"{lost.n_second} cells{left}",
        ),
        _item(
            lost.difference,
            f"difference: what models lose elsewhere, within {sites}{left}",
        ),
    ]
    several = [place for place in own if place.n_training_sites > 1]
    single = [place for place in own if place.n_training_sites == 1]
    more = within_sites(several, single, areas=areas)
    if more.difference.value is not None:
        text = (
            "difference on their own sites: models trained on several sites together, mean AUC "
            f"{words.number(more.first.value)}, minus models trained there alone, "
            f"{words.number(more.second.value)}{left}"
        )
        items.append(_item(more.difference, text))
    return items


def basis(given: Given) -> Basis:
    """Return what the headline rests on."""
    tested = [
        _tested(column, cells)
        for column in given.results.columns
        for cells in [_cells(given, column)]
        if cells
    ]
    titles = {column.row: column.title for column in given.results.columns}
    return Basis(
        tested="; ".join(tested) or "no test scan",
        shortcut=worst(given.audit["shortcuts"], titles=titles),
        left_out=_left_out(given),
    )


def _item(found: Estimate, meaning: str) -> dict[str, str]:
    bounds = (words.number(end) for end in (found.low, found.high))
    interval = "" if found.low is None else " to ".join(bounds)  # ends may be negative
    return {"number": words.number(found.value), "interval": interval, "words": meaning}


def _placed(given: Given) -> list[Place]:
    return places([cell for results in given.each.values() for cell in results.counted()])


def _areas(given: Given) -> dict[Key, MeanArea]:
    """Return how much each patient moves the AUC of each cell that has predictions."""
    counted = {row.name for row in given.results.rows if row.counted}
    areas: dict[Key, MeanArea] = {}
    for key, path in given.job.paths("predictions").items():
        arm, site = key.split("/")
        if arm not in counted:
            continue
        rows, _ = predictions.read(path)
        for finding, of_finding in rows.groupby("finding"):
            area = mean_area(by_model(of_finding))
            if area is not None:
                areas[arm, site, str(finding)] = area
    return areas


def _cells(given: Given, column: Column) -> list[Metrics]:
    """Return a cell with test scans of each finding at a site; all arms have the same scans."""
    cells = [results.column(column) for results in given.each.values()]
    return [cell for cell in cells if (cell.get("pooled") or {}).get("n_scans")]


def _tested(column: Column, cells: Sequence[Metrics]) -> str:
    pooled = [cell["pooled"] for cell in cells]
    largest = max(pooled, key=lambda numbers: int(numbers["n_scans"]))
    shares = [numbers["n_positive"] / numbers["n_scans"] for numbers in pooled]
    size = words.sizes(largest["n_patients"], largest["n_scans"])
    share = f"{min(shares):.0%}" + (f" to {max(shares):.0%}" if len(shares) > 1 else "")
    return f"{column.title}: {size}, {share} positive"


def _left_out(given: Given) -> list[str]:
    """Return the sites at which no model that was trained there meets one that was not."""
    lines = []
    for column in given.results.columns:
        kinds = {place.kind for results in given.each.values() for place in _at(results, column)}
        if len(kinds) == 2:
            continue
        why = {
            0: "no model has an AUC there",
            1: "every model was trained there" if "own" in kinds else "no model was trained there",
        }[len(kinds)]
        lines.append(f"{column.title} does not count in the difference: {why}.")
    return lines


def _at(results: Results, column: Column) -> list[Place]:
    return [place for place in places(results.counted()) if place.site == column.row]
