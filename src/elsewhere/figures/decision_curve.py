"""decision_curve: net benefit of every arm on every site, as figure and CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from elsewhere.figures import cell_grid, style
from elsewhere.figures.cell_grid import ABOUT, Panels, Pooled
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Results

NAME = "decision_curve"
CSV_NAME = f"{NAME}.csv"
LISTS = ("threshold", "model", "treat_all", "gain", "gain_low", "gain_high")
COLUMNS = (*ABOUT, *LISTS, "status")


class DecisionCurve(Figure):
    """Net benefit of calls at a threshold, against calling all scans and calling none."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a grid, of several findings or classes one for each, and write the curves."""
        cell_grid.write_table(given, folder / CSV_NAME, columns=COLUMNS, table=table)
        limits = given.settings.scoring.net_benefit_range
        return [draw(results, folder, limits=limits) for results in given.each.values()]


def draw(results: Results, folder: Path, *, limits: tuple[float, float]) -> str:
    """Draw the grid between two thresholds; returns its name."""
    panels = Panels(
        title="Decision curves: is acting on the model better than acting on all or on none?",
        notes=(
            "Net benefit: share of true positives minus share of false positives times the odds "
            "of the threshold. The height of a panel is the share of positive scans. Blue: the "
            "model; grey, dashed: all scans are called positive; grey line at 0: none is. Band: "
            f"{results.percent} interval, over patients, of the model's gain on the better of all "
            f"and none, whichever that is. {cell_grid.FRAMED}",
            f"Gain: mean over the thresholds with its {results.percent} interval. It is the gain "
            "at the prevalence of the test scans, which need not be that of a clinic.",
        ),
        across="threshold probability",
        up="net benefit / prevalence",
        limits=(limits, (-0.25, 1.05)),
        ticks=(_marks(limits), cell_grid.SHARES),
        draw=_panel,
    )
    return cell_grid.draw(results, panels, folder, NAME)


def _marks(limits: tuple[float, float]) -> Mapping[float, str]:
    """Return ticks at tenths; at the limits where there are too few tenths between them."""
    first, last = math.ceil(10 * limits[0] - 1e-9), math.floor(10 * limits[1] + 1e-9)
    places = (first / 10, (first + last) // 2 / 10, last / 10) if last - first > 1 else limits
    return {place: f"{place:g}" for place in places}


def _panel(axes: Axes, pooled: Pooled) -> str | None:
    curve = pooled["net_benefit_curve"]
    if curve is None:
        return str(pooled["undefined"]["net_benefit"])
    found = {name: np.array(curve[name], dtype=np.float64) for name in LISTS}
    height = pooled["n_positive"] / pooled["n_scans"]
    at, best = found["threshold"], np.maximum(found["treat_all"], 0)
    axes.axhline(0, color=style.MUTED, linewidth=0.8)
    axes.plot(at, found["treat_all"] / height, color=style.MUTED, lw=1.0, ls=(0, (3, 2)))
    ends = [(best + found[end]) / height for end in ("gain_low", "gain_high")]
    axes.fill_between(at, *ends, color=style.BLUE, alpha=0.2, linewidth=0)
    axes.plot(at, found["model"] / height, color=style.BLUE, linewidth=1.6, zorder=4)
    words = f"gain {cell_grid.short(pooled, 'net_benefit')}"
    cell_grid.write(axes, [words], at=(0.03, 0.13))
    return None


def table(results: Results) -> Iterator[dict[str, Any]]:
    """Yield a row per cell and threshold; ``gain`` is that on the better of all and none."""
    for about, pooled in cell_grid.rows(results):
        curve = None if pooled is None else pooled["net_benefit_curve"]
        if pooled is None or curve is None:
            reason = "not run" if pooled is None else pooled["undefined"].get("net_benefit")
            yield about | {"status": reason or "there are no test scans"}
            continue
        for values in zip(*(curve[name] for name in LISTS), strict=True):
            yield about | dict(zip(LISTS, values, strict=True)) | {"status": "ok"}
