"""probabilities: histograms of probabilities by class, of every arm on every site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from elsewhere.figures import cell_grid, style
from elsewhere.figures.cell_grid import ABOUT, Panels, Pooled
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Results

NAME = "probabilities"
CSV_NAME = f"{NAME}.csv"
CLASSES = {"positive": (1, style.ORANGE), "negative": (-1, style.BLUE)}
COLUMNS = (*ABOUT, "class", "from", "to", "scans", "share", "mean", "low", "high", "status")
ROOM = (-1.66, 1.3)  # beyond the highest bars, so that means and numbers fit


class ProbabilitiesByClass(Figure):
    """How probabilities of positive and negative scans are distributed, at every site."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a grid, of several findings or classes one for each, and write the histograms."""
        cell_grid.write_table(given, folder / CSV_NAME, columns=COLUMNS, table=table)
        return [draw(results, folder) for results in given.each.values()]


def draw(results: Results, folder: Path) -> str:
    """Draw the grid; returns its name."""
    panels = Panels(
        title="Probabilities of positive and negative scans",
        notes=(
            "Upwards, orange: positive scans; downwards, blue: negative scans; shares of the scans "
            "of a class, each panel at its own height. A dot with a bar: mean probability of the "
            f"class with its {results.percent} interval. Dotted: the threshold of the calls, where "
            f"there is one. {cell_grid.FRAMED}Δ: difference of the means, 0 where the model "
            f"does not tell the classes apart, with its {results.percent} interval.",
        ),
        across="probability",
        up="share of class",
        limits=((0, 1), ROOM),
        ticks=(cell_grid.SHARES, {-0.5: "neg.", 0.5: "pos."}),
        draw=_panel,
    )
    return cell_grid.draw(results, panels, folder, NAME)


def _panel(axes: Axes, pooled: Pooled) -> str | None:
    histogram = pooled["probabilities_histogram"]
    if histogram is None:
        return "there are no test scans"
    shares = {name: _shares(histogram[name]) for name in CLASSES}
    most = max(share.max() for share in shares.values())
    edges = np.linspace(0, 1, histogram["bins"] + 1)
    axes.axhline(0, color=style.MUTED, linewidth=0.8)
    if pooled.get("threshold") is not None:
        axes.axvline(pooled["threshold"], color=style.INK, linewidth=0.9, linestyle=":")
    for name, (side, colour) in CLASSES.items():
        axes.stairs(side * shares[name] / most, edges, fill=True, color=colour, alpha=0.55)
        _mean(axes, pooled, name, 1.13 * side)
    if pooled["probabilities_difference"] is not None:
        words = f"Δ {cell_grid.short(pooled, 'probabilities_difference')}"
        cell_grid.write(axes, [words], at=(0.03, 0.12))
    else:
        cell_grid.write(axes, ["Δ undefined: one class"], at=(0.03, 0.13))
    return None


def _mean(axes: Axes, pooled: Pooled, name: str, height: float) -> None:
    field = f"probabilities_{name}"
    if pooled[field] is None:
        return
    colour = CLASSES[name][1]
    ends = [pooled[f"{field}_low"], pooled[f"{field}_high"]]
    axes.plot(ends, [height, height], color=colour, linewidth=1.4, zorder=4)
    axes.plot([pooled[field]], [height], "o", color=colour, markersize=3.4, zorder=4)


def _shares(counts: list[int]) -> Any:
    total = sum(counts)
    return np.array(counts, dtype=np.float64) / max(1, total)


def table(results: Results) -> Iterator[dict[str, Any]]:
    """Yield a row per cell, class and bin; the mean of the class stands in each of its rows."""
    for about, pooled in cell_grid.rows(results):
        histogram = None if pooled is None else pooled["probabilities_histogram"]
        if pooled is None or histogram is None:
            yield about | {"status": "not run" if pooled is None else "there are no test scans"}
            continue
        edges = np.linspace(0, 1, histogram["bins"] + 1)
        for name in CLASSES:
            field = f"probabilities_{name}"
            ends = {"mean": "", "low": "_low", "high": "_high"}
            known = {column: pooled[f"{field}{end}"] for column, end in ends.items()}
            status = {"class": name, "status": pooled["undefined"].get(field, "ok")}
            shares = _shares(histogram[name])
            for number, scans in enumerate(histogram[name]):
                limits = {"from": round(edges[number], 6), "to": round(edges[number + 1], 6)}
                counts = {"scans": scans, "share": float(shares[number])}
                yield about | status | limits | counts | known
