"""predictive_values: what calls mean at declared prevalences, at every site, as figure and CSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from elsewhere.figures import cell_grid, style
from elsewhere.figures.cell_grid import ABOUT, Panels, Pooled
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Results

NAME = "predictive_values"
CSV_NAME = f"{NAME}.csv"
VALUES = {"ppv": (style.ORANGE, "o", -0.12), "npv": (style.BLUE, "s", 0.12)}
COLUMNS = (*ABOUT, "prevalence", "value", "share", "low", "high", "interval", "status")


class PredictiveValues(Figure):
    """Positive and negative predictive value at the study's declared prevalences."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a grid, of several findings or classes one for each, and write the numbers."""
        cell_grid.write_table(given, folder / CSV_NAME, columns=COLUMNS, table=table)
        prevalences = given.settings.scoring.prevalences
        return [draw(results, folder, prevalences=prevalences) for results in given.each.values()]


def draw(results: Results, folder: Path, *, prevalences: tuple[float, ...]) -> str:
    """Draw the grid; returns its name."""
    panels = Panels(
        title="What a call means where the disease is as common as this",
        notes=(
            "Orange dots: share of the scans called positive that are positive (PPV); blue "
            "squares: share of those called negative that are negative (NPV), at each declared "
            "prevalence, if sensitivity and specificity stay those of the test scans. Bars: "
            f"{results.percent} intervals over patients. Calls {results.calls}. Grey steps: the "
            f"PPV and NPV of calls at random. No mark: no scan is called so. {cell_grid.FRAMED}",
        ),
        across="prevalence",
        up="predictive value",
        limits=((-0.5, len(prevalences) - 0.5), (0, 1.04)),
        ticks=(
            {number: f"{prevalence:g}" for number, prevalence in enumerate(prevalences)},
            cell_grid.SHARES,
        ),
        draw=_panel,
    )
    return cell_grid.draw(results, panels, folder, NAME)


def _panel(axes: Axes, pooled: Pooled) -> str | None:
    rows = pooled["predictive_values_all"]
    if rows is None:
        return str(pooled["undefined"]["predictive_values_ppv"])
    for number, row in enumerate(rows):
        for value, (colour, mark, aside) in VALUES.items():
            chance = row["prevalence"] if value == "ppv" else 1 - row["prevalence"]
            place = number + aside
            axes.plot([place - 0.1, place + 0.1], [chance] * 2, color=style.HATCH, linewidth=1.4)
            if row[value] is not None:
                ends = [row[f"{value}_low"], row[f"{value}_high"]]
                axes.plot([place, place], ends, color=colour, linewidth=1.3, zorder=4)
                axes.plot([place], [row[value]], mark, color=colour, markersize=3.6, zorder=4)
    return None


def table(results: Results) -> Iterator[dict[str, Any]]:
    """Yield a row per cell, prevalence and value."""
    for about, pooled in cell_grid.rows(results):
        rows = None if pooled is None else pooled["predictive_values_all"]
        if pooled is None or rows is None:
            reason = None if pooled is None else pooled["undefined"].get("predictive_values_ppv")
            yield about | {"status": reason or "not run"}
            continue
        for row in rows:
            for value in VALUES:
                yield about | {
                    "prevalence": row["prevalence"],
                    "value": value,
                    "share": row[value],
                    "low": row[f"{value}_low"],
                    "high": row[f"{value}_high"],
                    "interval": row[f"{value}_interval"],
                    "status": row[f"{value}_reason"] or "ok",
                }
