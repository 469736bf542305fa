"""compared: puts published numbers beside ours, in words, where scans have one label each."""

from __future__ import annotations

from collections.abc import Mapping

from elsewhere.design.metric_rows import metric_row
from elsewhere.figures import paper, words
from elsewhere.figures.results import Column, Metrics, Results, Row
from elsewhere.scores.summary import places, spread

SHOWN = ("quantity", "requirement", "published", "ours", "comment")
COLUMNS = (*SHOWN, "label", "synthetic")
GROUPS = {"single-site": "trained on one site", "multi-site": "trained on several sites"}
NO_ARM = "this arm is not in the study's list of arms"
NO_METRIC = "the study's scoring.metrics does not name this metric"


def compare(results: Results, name: str) -> list[dict[str, str]]:
    """Return one row per published number, ours beside it, in words (columns `COLUMNS`).

    A number whose arm the study does not list has no "ours"; an undefined one says why.
    """
    return [_compared(results, number) for number in paper.read(name)]


def _compared(results: Results, number: Mapping[str, str]) -> dict[str, str]:
    ours, comment = _ours(results, number)
    row, column = _place(results, number)
    marks = results.marks(row, column)
    return {
        "quantity": _quantity(results, number),
        "requirement": number["requirement"],
        "published": published(number),
        "ours": ours,
        "comment": comment,
        **marks,
        "label": GROUPS.get(number["arm"], marks["label"]),
    }


def _place(results: Results, number: Mapping[str, str]) -> tuple[Row | None, Column | None]:
    row = next((row for row in results.rows if row.name == number["arm"]), None)
    return row, next((column for column in results.columns if column.name == number["site"]), None)


def _quantity(results: Results, number: Mapping[str, str]) -> str:
    labels = {row.name: f"trained on {row.label}" for row in results.rows}
    titles = {column.name: results.heading(column) for column in results.columns}
    arm = {**GROUPS, **labels}.get(number["arm"], number["arm"])
    site = titles.get(number["site"], "sites never seen")
    return f"{metric_row(number['metric']).title}, {arm}, tested on {site}"


def published(number: Mapping[str, str]) -> str:
    """Write a published number, with its SD, or its range."""
    if number["low"]:
        return f"{number['low']}–{number['high']}"
    return number["value"] + (f" ± {number['sd']}" if number["sd"] else "")


def _ours(results: Results, number: Mapping[str, str]) -> tuple[str, str]:
    """Return our number and the comment."""
    if number["arm"] in GROUPS:
        return _range(results, single=number["arm"] == "single-site"), number["source"]
    row, column = _place(results, number)
    if row is None or column is None:
        return "", NO_ARM
    cell, metric = results.cell(row, column), number["metric"]
    if metric not in results.named.metrics:
        return "", NO_METRIC
    if cell["pooled"][metric] is None:
        status = words.NOT_RUN if cell["status"] == words.NOT_RUN else words.UNDEFINED
        return status, f"{words.reason(cell)}; {number['source']}"
    if len(cell["runs"]) > 1:
        return _over_runs(cell, metric, number["source"])
    return one_run(cell, metric), number["source"]


def _range(results: Results, *, single: bool) -> str:
    areas = [
        place.auc
        for place in places(results.counted())
        if place.kind == "unseen" and (place.n_training_sites == 1) == single
    ]
    if not areas:
        return words.UNDEFINED
    return words.interval(min(areas), max(areas), digits=3) + f" ({len(areas)} cells)"


def one_run(cell: Metrics, metric: str) -> str:
    """Write a metric of a cell with its interval."""
    pooled = cell["pooled"]
    low, high = pooled.get(f"{metric}_low"), pooled.get(f"{metric}_high")
    bounds = words.interval(low, high, digits=3)
    ours = words.number(pooled[metric], digits=3) + (f" ({bounds})" if bounds else "")
    if metric == "auc" and pooled.get("auc_mc_mean") is not None:
        ours += f"; MC {words.spread(pooled['auc_mc_mean'], pooled['auc_mc_sd'])}"
    if metric == "auc" and pooled.get("auc_grid") is not None:
        ours += f"; grid {words.number(pooled['auc_grid'], digits=3)}"
    return ours


def _over_runs(cell: Metrics, metric: str, source: str) -> tuple[str, str]:
    """Return mean ± SD over seeds of the mean over folds, or over runs if there is one seed."""
    measured = spread(cell, measure=metric)
    over_seeds = measured.sd_over_seeds is not None
    few = measured.n_runs < measured.of_runs  # in the others the measure is undefined
    runs = f"{measured.n_runs} of {measured.of_runs} runs" if few else f"{measured.n_runs} runs"
    of = f"{measured.n_seeds} seeds" + (f", {runs}" if few else "") if over_seeds else runs
    sd = measured.sd_over_seeds if over_seeds else measured.sd_over_runs
    return words.spread(measured.mean, sd, digits=4), f"{source}, ours over {of}"
