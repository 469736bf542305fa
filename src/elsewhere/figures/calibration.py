"""calibration: calibration curves of every arm on every site, as figure and CSV."""

from __future__ import annotations

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

NAME = "calibration"
CSV_NAME = f"{NAME}.csv"
NUMBERS = ("intercept", "slope", "oe", "ici", "brier", "brier_scaled")
COLUMNS = (
    *ABOUT,
    *("probabilities", "validation_patients", "fit_intercept", "fit_slope"),
    *("number", "value", "low", "high", "interval", "status"),
)
WAYS = {
    "intercept": "recalibrated: intercept",
    "logistic": "recalibrated: intercept and slope",
    "temperature": "recalibrated: temperature",
}


class CalibrationCurves(Figure):
    """Calibration of every arm on every site, as it is and recalibrated."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a grid, of several findings or classes one for each, and write all numbers."""
        cell_grid.write_table(given, folder / CSV_NAME, columns=COLUMNS, table=table)
        return [draw(results, folder) for results in given.each.values()]


def draw(results: Results, folder: Path) -> str:
    """Draw the grid; returns its name."""
    panels = Panels(
        title="Calibration: share of positive scans by probability",
        notes=(
            "Blue: calibration curve between the 5th and the 95th percentile of the "
            f"probabilities, with its pointwise {results.percent} band, clustered by patient. "
            "Orange, dashed: after recalibration (intercept and slope) on the site's validation "
            "part, where that is possible. Grey: probabilities that come true. No curve is drawn "
            "where fewer than five patients count. "
            f"{cell_grid.FRAMED}",
            f"Slope: below 1 probabilities are too extreme. O:E: positive scans over those "
            f"expected; above 1 probabilities are too low. In brackets {results.percent} "
            "intervals. calibration.csv has intercept, ICI, Brier score and all recalibrations.",
        ),
        across="probability",
        up="share positive",
        limits=((0, 1), (0, 1)),
        ticks=(cell_grid.SHARES, cell_grid.SHARES),
        draw=_panel,
    )
    return cell_grid.draw(results, panels, folder, NAME)


def _panel(axes: Axes, pooled: Pooled) -> str | None:
    curve = pooled["calibration_curve"]
    if curve is None:
        return str(pooled["undefined"]["calibration_ici"])
    axes.plot([0, 1], [0, 1], color=style.HATCH, linewidth=0.9, linestyle=(0, (3, 3)))
    low, high = (np.array(curve[end], dtype=np.float64) for end in ("low", "high"))
    axes.fill_between(curve["at"], low, high, color=style.BLUE, alpha=0.2, linewidth=0)
    share = np.array(curve["share"], dtype=np.float64)
    axes.plot(curve["at"], share, color=style.BLUE, linewidth=1.6, zorder=4)
    after = ((pooled.get("recalibration_all") or {}).get("logistic") or {}).get("curve")
    if after:
        moved = np.array(after["share"], dtype=np.float64)
        axes.plot(after["at"], moved, color=style.ORANGE, linewidth=1.2, ls=(0, (4, 2)), zorder=4)
    lines = [
        f"slope {cell_grid.short(pooled, 'calibration_slope')}",
        f"O:E {cell_grid.short(pooled, 'calibration_oe')}",
    ]
    if not np.isfinite(share).any():
        lines.append("no curve: too few patients near")
    cell_grid.write(axes, lines, at=(0.03, 0.97))
    return None


def table(results: Results) -> Iterator[dict[str, Any]]:
    """Yield a row per cell, way to recalibrate (first: none) and number of `NUMBERS`."""
    for about, pooled in cell_grid.rows(results):
        if pooled is None:
            yield about | {"status": "not run"}
            continue
        for number in NUMBERS:
            yield about | {"probabilities": "as they are", "number": number} | _own(pooled, number)
        for way, title in WAYS.items():
            found = (pooled.get("recalibration_all") or {}).get(way, {})
            for number in NUMBERS if found else ():
                yield about | {"probabilities": title, "number": number} | _after(found, number)


def _own(pooled: Pooled, number: str) -> dict[str, Any]:
    name = number if number.startswith("brier") else f"calibration_{number}"
    return {
        "value": pooled.get(name),
        "low": pooled.get(f"{name}_low"),
        "high": pooled.get(f"{name}_high"),
        "interval": pooled["intervals"].get(name),
        "status": pooled["undefined"].get(name, "ok"),
    }


def _after(found: Mapping[str, Any], number: str) -> dict[str, Any]:
    fit = found.get("fit") or {}
    return {
        "validation_patients": found.get("n_patients"),
        "fit_intercept": fit.get("intercept"),
        "fit_slope": fit.get("slope"),
        "value": found.get(number),
        "low": found.get(f"{number}_low"),
        "high": found.get(f"{number}_high"),
        "interval": found.get(f"{number}_interval"),
        "status": found["reason"] or found.get(f"{number}_reason") or "ok",
    }
