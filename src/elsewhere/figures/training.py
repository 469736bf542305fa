"""training: draws the score by which weights are chosen, over iterations, a panel per arm."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Results, Row

ACROSS = 3
SIZE, PITCH = (2.55, 1.55), (2.95, 2.15)
LEFT, HEAD, FOOT = 0.55, 0.36, -0.12
MEASURE = "score by which\nweights are chosen"


@dataclass(frozen=True)
class Curve:
    """One run: its validations, and the iteration whose weights were kept; None if not run."""

    history: pd.DataFrame
    kept: int | None

    @property
    def in_rounds(self) -> bool:
        """Whether it counts rounds of a federation, which has a score for each site."""
        return any(str(column).startswith("score_") for column in self.history)


class Training(Figure):
    """The score that chooses weights, during training."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a panel per arm."""
        records = given.records
        curves = {
            run: Curve(history, records[run].get("best_iteration"))
            for run, history in given.histories.items()
        }
        scores = {
            record["selection"].split()[-1]
            for record in records.values()
            if "best_iteration" in record
        }
        named = ("AUC" if score == "auc" else score for score in sorted(scores))
        draw(given.results, curves, folder, by=" or ".join(named) or "score")
        return ["training"]


def draw(results: Results, curves: Mapping[str, Curve], folder: Path, *, by: str) -> None:
    """Draw training.png and .svg (A-42): a panel for each arm that has models of its own.

    Parameters
    ----------
    curves
        "<arm>/<run>" to its curve, with columns ``iteration`` and ``selection_score``; a run
        that was not run has no row.
    by
        What chooses the weights, in words: accuracy, AUC.
    """
    arms = {key.split("/")[0] for key in curves}
    rows = [row for row in results.rows if row.name in arms]
    down = -(-len(rows) // ACROSS)
    across = min(ACROSS, len(rows))
    with style.look():
        page = style.sheet(
            f"Training: {by} by which weights are chosen, of each run",
            width=max(LEFT + PITCH[0] * across, 5.6),
            height=HEAD + PITCH[1] * down + FOOT,
            notes=(
                "One line per run. Dot: the iteration whose model is kept, the best on the "
                "validation part of the training sites; test scans are not used, except in arms "
                "marked optimistic, where it is the best on the test part.",
                *results.named.policy,
            ),
            synthetic=results.synthetic,
        )
        for number, row in enumerate(rows):
            line, place = divmod(number, ACROSS)
            at = (LEFT + PITCH[0] * place, HEAD + PITCH[1] * line)
            lines = textwrap.wrap(row.short(80), 34, break_on_hyphens=False)
            label = "\n".join(lines)
            page.text(
                *at, label + "\n", va="bottom", size=style.SMALL, weight="bold", linespacing=1.1
            )
            axes = page.box(*at, SIZE)
            in_rounds = _in_rounds(row.name, curves)
            axes.set(xlim=(0, _longest(curves, in_rounds=in_rounds)), ylim=(0, 1.03))
            _panel(axes, row, curves)
            _ticks(axes, outer=(place == 0, number + ACROSS >= len(rows)), in_rounds=in_rounds)
        style.save(page.figure, folder, "training")


def _in_rounds(arm: str, curves: Mapping[str, Curve]) -> bool:
    return any(curve.in_rounds for key, curve in curves.items() if key.split("/")[0] == arm)


def _longest(curves: Mapping[str, Curve], *, in_rounds: bool) -> float:
    """Return the last iteration of all curves that count the same."""
    counted = [curve.history for curve in curves.values() if curve.in_rounds == in_rounds]
    lengths = [float(history["iteration"].max()) for history in counted if len(history)]
    return max(lengths, default=1.0)


def _panel(axes: Axes, row: Row, curves: Mapping[str, Curve]) -> None:
    runs = [curve for key, curve in curves.items() if key.split("/")[0] == row.name]
    drawn = [curve for curve in runs if len(curve.history)]
    if not drawn:
        axes.add_patch(style.swatch("hatched", (0, 0), (axes.get_xlim()[1], 1.03)))
        axes.text(
            0.5, 0.5, words.NOT_RUN, transform=axes.transAxes, ha="center", va="center",
            size=style.SMALL, bbox={"facecolor": style.PALE, "edgecolor": "none", "pad": 2},
        )  # fmt: skip
        return
    axes.axhline(0.5, color=style.HATCH, linewidth=0.8, linestyle=(0, (3, 3)))
    for curve, colour in zip(drawn, style.PALETTE * len(drawn), strict=False):
        at, score = curve.history["iteration"], curve.history["selection_score"]
        sns.lineplot(
            x=at.to_numpy(),
            y=score.to_numpy(),
            ax=axes,
            color=colour,
            linewidth=1.1,
            estimator=None,
        )
        axes.plot(
            at[at == curve.kept], score[at == curve.kept], "o", color=colour, ms=4.5, clip_on=False
        )


def _ticks(axes: Axes, *, outer: tuple[bool, bool], in_rounds: bool) -> None:
    unit = "round" if in_rounds else "iteration" if outer[1] else ""
    axes.set_xlabel(unit, size=style.SMALL)
    axes.set_ylabel(MEASURE if outer[0] else "", size=style.SMALL, labelpad=2)
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"] if outer[0] else ["", "", ""])
    axes.xaxis.set_major_locator(style.few_ticks())
    axes.tick_params(length=2, pad=2)
