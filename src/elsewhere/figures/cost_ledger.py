"""cost_ledger: a table of what every arm cost to train, and of seconds a scan at every site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from elsewhere.figures import costs, style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Results
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows
from elsewhere.scores import cost_ledger

NAME = "cost_ledger"
MARKS = ("label", "synthetic")
FIELDS = (
    Field("trained on", 3.6),
    Field("runs", 0.6, numeric=True),
    Field("device", 1.5),
    Field("wall time", 0.9, numeric=True),
    Field("GPU h", 0.75, numeric=True),
    Field("CPU h", 0.75, numeric=True),
    Field("energy, kWh (estimate)", 1.1, numeric=True),
)
SECONDS = 1.15  # inches of a site's column

Rows = Sequence[Mapping[str, Any]]


class CostLedger(Figure):
    """Device hours, wall time, estimated energy and latency of every cell."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw the table, and write it as cost_ledger.csv."""
        results = next(iter(given.each.values()))
        draw(results, rows(given, results), folder)
        return [NAME]


def rows(given: Given, results: Results) -> list[dict[str, Any]]:
    """Return rows of `cost_ledger.COLUMNS`, a row for each arm and site."""
    train, predict = (costs.read(given.job.paths(name)) for name in ("train_cost", "predict_cost"))
    found = []
    for row in results.rows:
        models = given.settings.arms[row.name].models_of or row.name
        training = [cost for key, cost in train.items() if key.split("/")[0] == models]
        for column in results.columns:
            cost = predict[f"{row.name}/{column.row}"]
            numbers = cost_ledger.row(training, cost, models_of=models)
            about = {"arm": row.name, "site": column.name, **results.marks(row, column)}
            found.append({**about, **numbers})
    return found


def draw(results: Results, found: Rows, folder: Path) -> None:
    """Draw cost_ledger.png and .svg, and write cost_ledger.csv.

    Parameters
    ----------
    found
        As from `rows`.
    """
    write_rows(found, folder / f"{NAME}.csv", columns=(*MARKS, *cost_ledger.COLUMNS))
    seconds = (Field(f"s per scan, {c.title}", SECONDS, numeric=True) for c in results.columns)
    lines = tuple(_line([line for line in found if line["arm"] == r.name]) for r in results.rows)
    table = Table((*FIELDS, *seconds), lines)
    with style.look():
        page = style.sheet(
            "What each cell cost",
            width=table.width,
            height=table.height,
            notes=(*_notes(found), *results.notes()),
            synthetic=results.synthetic,
        )
        table.draw(page)
        style.save(page.figure, folder, NAME)


def _line(of_arm: Rows) -> tuple[str, ...]:
    first = of_arm[0]
    seconds = [
        words.NOT_RUN if line["seconds_per_scan"] is None else f"{line['seconds_per_scan']:.2g}"
        for line in of_arm
    ]
    if first["status"] != "ok":
        return (first["label"], "0", words.NOT_RUN, "", "", "", "", *seconds)
    again = "" if first["models_of"] == first["arm"] else f" (models of {first['models_of']})"
    return (
        first["label"] + again,
        str(first["runs"]),
        first["device"],
        costs.duration(costs.HOUR_S * first["wall_hours"]),
        *(f"{first[name]:.2g}" for name in ("gpu_hours", "cpu_hours", "energy_kwh_estimate")),
        *seconds,
    )


def _notes(found: Rows) -> tuple[str, ...]:
    bases = sorted({line["energy_basis"] for line in found if line["energy_basis"]})
    return (
        "Training: all runs of the models; it is the same at every site. CPU h: hours of jobs, "
        "whatever number of threads they had. Energy: an estimate, the assumed power times the "
        "time, without cooling and the rest of the machine; nothing was measured. Seconds per "
        "scan: median, prediction alone.",
        *bases,
    )
