"""arms_table: a table of every arm's metrics on every site, mean and spread over runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows
from elsewhere.scores.summary import spread

CSV_NAME = "arms_table.csv"
COLUMNS = (
    *("site", "synthetic", "arm", "label", "trained_here", "measure"),
    *("published_mean", "published_sd", "requirement"),
    *("mean", "sd_over_seeds", "sd_over_runs", "n_seeds", "n_runs", "of_runs", "status", "reason"),
)
LABEL, WHOSE, NUMBER = 2.9, 1.4, 1.62
GAP = 0.28

Rows = Sequence[Mapping[str, Any]]


class ArmsTable(Figure):
    """Metrics of every arm on every site, mean and spread over runs."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw the table, if any arm was run more than once."""
        if not given.results.repeated:
            return []
        draw(given.results, table(given.results, given.paper_numbers), folder)
        return ["arms_table"]


def table(results: Results, published: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return one row per site, arm and measure, ours beside the published (D-19 to D-36, D-40).

    Both interpretations of [AMB] D-06 are given: the standard deviation over seeds of the mean over
    folds, and over all runs. At a site, the arms trained there come first.

    Parameters
    ----------
    published
        As from `paper.read`; numbers of arms that the study does not list are left out.
    """
    known = {tuple(entry[name] for name in ("site", "arm", "metric")): entry for entry in published}
    return [
        _row(results, (row, column), measure, known.get((column.name, row.name, measure), {}))
        for column in results.columns
        for row in _own_first(results, column)
        for measure in results.compared
    ]


def draw(results: Results, rows: Rows, folder: Path) -> None:
    """Draw arms_table.png and .svg, a table per site in percent, and write arms_table.csv.

    Parameters
    ----------
    rows
        As from `table`.
    """
    write_rows(rows, folder / CSV_NAME, columns=COLUMNS)
    tables = [_of_site(results, column, rows) for column in results.columns]
    with style.look():
        page = style.sheet(
            "Every arm on every site: mean and spread over runs, in percent",
            width=tables[0].width,
            height=sum(site_table.height for site_table in tables) + GAP * (len(tables) - 1),
            notes=(*_notes(results), *results.notes()),
            synthetic=results.synthetic,
        )
        top = 0.0
        for site_table in tables:
            site_table.draw(page, top=top)
            top += site_table.height + GAP
        style.save(page.figure, folder, "arms_table")


def _own_first(results: Results, column: Column) -> list[Row]:
    return sorted(results.rows, key=lambda row: not results.own(row, column))


def _row(
    results: Results, place: tuple[Row, Column], measure: str, published: Mapping[str, str]
) -> dict[str, Any]:
    row, column = place
    cell = results.cell(row, column)
    over_runs = spread(cell, measure=measure)
    missing = words.NOT_RUN if cell["status"] == words.NOT_RUN else words.UNDEFINED
    known = over_runs.mean is not None
    return {
        "site": column.name,
        "arm": row.name,
        **results.marks(row, column),
        "trained_here": "yes" if results.own(row, column) else "no",
        "measure": measure,
        "published_mean": published.get("value", ""),
        "published_sd": published.get("sd", ""),
        "requirement": published.get("requirement", ""),
        **over_runs._asdict(),
        "status": "ok" if known else missing,
        "reason": _undefined(cell, measure) or (None if known else words.reason(cell)),
    }


def _undefined(cell: Mapping[str, Any], measure: str) -> str | None:
    """Return in how many runs a measure is undefined, and why; None if in none."""
    lost = [run for run in cell["runs"] if run[measure] is None]
    whys = ((run.get("undefined") or {}).get(measure) or run["reason"] for run in lost)
    reasons = "; ".join(dict.fromkeys(str(why) for why in whys))
    return f"undefined in {len(lost)} runs: {reasons}" if lost else None


def _of_site(results: Results, column: Column, rows: Rows) -> Table:
    fields = (
        Field(results.heading(column), LABEL),
        Field("", WHOSE),
        *(Field(title, NUMBER, numeric=True) for title in results.compared.values()),
    )
    lines: list[tuple[str, ...]] = []
    rules = []
    for row in _own_first(results, column):
        measured = [
            entry for entry in rows if (entry["site"], entry["arm"]) == (column.name, row.name)
        ]
        rules.append(len(lines))
        label = row.label
        if any(entry["published_mean"] for entry in measured):
            lines.append((label, "published", *(_published(entry) for entry in measured)))
            label = ""
        whose = "ours" if results.own(row, column) else "ours, unseen site"
        lines.append((label, whose, *(_ours(entry) for entry in measured)))
    return Table(fields, tuple(lines), tuple(rules[1:]))


def _published(row: Mapping[str, Any]) -> str:
    if not row["published_mean"]:
        return "–"
    sd = row["published_sd"]
    return _percent(float(row["published_mean"])) + (f" ± {_percent(float(sd))}" if sd else "")


def _ours(row: Mapping[str, Any]) -> str:
    if row["mean"] is None:
        return str(row["status"])
    over_seeds, over_runs = row["sd_over_seeds"], row["sd_over_runs"]
    text = _percent(row["mean"])
    text += "" if over_seeds is None else f" ± {_percent(over_seeds)}"
    text += "" if over_runs is None else f" [{_percent(over_runs)}]"
    few = row["n_runs"] < row["of_runs"]
    return text + (f"\n({row['n_runs']} of {row['of_runs']} runs)" if few else "")


def _percent(value: float) -> str:
    return words.number(100 * value)


def _notes(results: Results) -> tuple[str, ...]:
    seeds = results.seeds
    runs = max(len(cell["runs"]) for cell in results.cells.values())
    which = (
        f"± SD over {seeds} seeds of the mean over folds; in brackets SD over the runs: both "
        "interpretations of D-06"
        if seeds > 1
        else "in brackets SD over folds; over seeds it is undefined with one seed, so it is not "
        "comparable with the published ±"
    )
    return (
        f"Ours: mean over {runs} runs; {which}. k of n runs: the measure is undefined in the "
        "others. Published numbers are data with their source and are not used in ours.",
        f"Accuracy, F1, sensitivity and precision: calls {results.calls}.",
    )
