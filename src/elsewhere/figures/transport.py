"""transport: the training sites' threshold beside a local one, at every site, as figure and CSV."""

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

NAME = "transport"
CSV_NAME = f"{NAME}.csv"
RULES = {"accuracy": "highest accuracy", "sensitivity_90": "90 % sensitivity"}
SHARES = ("sensitivity", "specificity")
WHOSE = {"training": (style.BLUE, "o"), "local": (style.ORANGE, "s")}
COLUMNS = (
    *ABOUT,
    *("rule", "number", "training", "training_low", "training_high", "local", "local_low"),
    *("local_high", "gain", "gain_low", "gain_high", "training_threshold", "local_threshold"),
    *("training_patients", "local_patients", "status"),
)
LINES = [(rule, share) for rule in RULES for share in SHARES]


class ThresholdTransport(Figure):
    """Sensitivity and specificity at the training sites' threshold and at a local one."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a grid, of several findings or classes one for each, and write the numbers."""
        cell_grid.write_table(given, folder / CSV_NAME, columns=COLUMNS, table=table)
        return [draw(results, folder) for results in given.each.values()]


def draw(results: Results, folder: Path) -> str:
    """Draw the grid; returns its name."""
    marks = ("sens", "spec", "sens at 90", "spec at 90")
    panels = Panels(
        title="Does the threshold travel? The training sites' threshold and a local one",
        notes=(
            "Blue dots: threshold chosen on the validation part of the training sites; orange "
            "squares: on that of the test site; both tried on the same test scans. Sens, spec: "
            "sensitivity and specificity at the threshold of the highest accuracy; at 90: at that "
            f"which finds 90 % of the positive validation scans. Bars: {results.percent} intervals "
            f"over patients. {cell_grid.FRAMED}transport.csv has the differences with intervals, "
            "the thresholds, and on how many validation patients they rest.",
        ),
        across="share called right",
        up="",
        limits=((-0.03, 1.03), (len(LINES) - 0.4, -0.6)),
        ticks=(cell_grid.SHARES, dict(enumerate(marks))),
        draw=_panel,
    )
    return cell_grid.draw(results, panels, folder, NAME)


def _panel(axes: Axes, pooled: Pooled) -> str | None:
    if pooled["transport_thresholds"] is None:
        return str(pooled["undefined"]["transport_accuracy_sensitivity_gain"])
    axes.axhline(len(SHARES) - 0.5, color=style.PALE, linewidth=0.8)
    for number, (rule, share) in enumerate(LINES):
        for whose, (colour, mark) in WHOSE.items():
            field = f"transport_{rule}_{share}_{whose}"
            height = number + (0.14 if whose == "local" else -0.14)
            ends = [pooled[f"{field}_low"], pooled[f"{field}_high"]]
            axes.plot(ends, [height, height], color=colour, linewidth=1.3)
            axes.plot([pooled[field]], [height], mark, color=colour, markersize=3.6)
    return None


def table(results: Results) -> Iterator[dict[str, Any]]:
    """Yield a row per cell, rule and number; ``gain`` is local minus training."""
    for about, pooled in cell_grid.rows(results):
        chosen = None if pooled is None else pooled["transport_thresholds"]
        if pooled is None or chosen is None:
            undefined = {} if pooled is None else pooled["undefined"]
            reason = undefined.get("transport_accuracy_sensitivity_gain", "not run")
            yield about | {"status": reason}
            continue
        for rule, share in LINES:
            numbers = {
                f"{whose}{end}": pooled[f"transport_{rule}_{share}_{whose}{end}"]
                for whose in (*WHOSE, "gain")
                for end in ("", "_low", "_high")
            }
            for whose in WHOSE:
                numbers[f"{whose}_threshold"] = chosen[rule][whose]["threshold"]
                numbers[f"{whose}_patients"] = chosen["n_patients"][whose]
            yield about | {"rule": RULES[rule], "number": share} | numbers | {"status": "ok"}
