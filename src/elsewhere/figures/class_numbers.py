"""class_numbers: puts published numbers beside ours, in words, where there are several classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from elsewhere.design.metric_rows import metric_row
from elsewhere.design.paths import INTERNAL
from elsewhere.figures import words
from elsewhere.figures.compared import NO_ARM, NO_METRIC, one_run, published
from elsewhere.figures.places import ByFinding
from elsewhere.figures.results import Metrics

NO_CELL = "this is no test part of the study"

Number = Mapping[str, str]


def compare(study: ByFinding, numbers: Iterable[Number]) -> list[dict[str, str]]:
    """Return one row per published number of a class, ours beside it (columns `compared.COLUMNS`).

    Parameters
    ----------
    study
        Results of each class against the rest.
    numbers
        As from `paper.read`. Their ``finding`` is a class, their ``site`` a site of the study or
        `INTERNAL`: the test scans of all sites that the arm was trained on.
    """
    return [_compared(study, number) for number in numbers]


def _compared(study: ByFinding, number: Number) -> dict[str, str]:
    titles = {column.name: study.any.heading(column) for column in study.any.columns}
    labels = {row.name: row.label for row in study.any.rows}
    synthetic = {column.name for column in study.any.columns if column.synthetic}
    site, arm = number["site"], number["arm"]
    own = next((row.sites for row in study.any.rows if row.name == arm), ())
    tested = own if site == INTERNAL else (site,)
    where = "all its own sites" if site == INTERNAL else titles.get(site, site)
    ours, comment = _ours(study, number)
    return {
        "quantity": f"{metric_row(number['metric']).title}, {number['finding']}, "
        f"{labels.get(arm, arm)}, tested on {where}",
        "requirement": number["requirement"],
        "published": published(number),
        "ours": ours,
        "comment": comment,
        "label": labels.get(arm, arm),
        "synthetic": "yes" if synthetic.intersection(tested) else "no",
    }


def _ours(study: ByFinding, number: Number) -> tuple[str, str]:
    """Return our number and the comment."""
    if number["arm"] not in {row.name for row in study.any.rows}:
        return "", NO_ARM
    cell = _cell(study, number)
    if cell is None:
        return "", f"{NO_CELL}; {number['source']}"
    metric = number["metric"]
    if metric not in study.any.named.metrics:
        return "", NO_METRIC
    if cell["pooled"][metric] is None:
        return words.verdict(cell), f"{words.reason(cell)}; {number['source']}"
    return one_run(cell, metric), number["source"]


def _cell(study: ByFinding, number: Number) -> Metrics | None:
    finding, arm, site = number["finding"], number["arm"], number["site"]
    if finding not in study.titles:
        return None
    if site == INTERNAL:
        return study.internal[finding][arm]
    row = next(row for row in study.any.rows if row.name == arm)
    column = next((column for column in study.any.columns if column.name == site), None)
    return None if column is None else study.results[finding].cell(row, column)
