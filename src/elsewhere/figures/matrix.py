"""matrix: draws the generalization matrix, AUC of every arm on every site, as a heat map."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row

CELL = (1.38, 0.66)
LABELS = 2.55
GROUP_GAP = 0.36
KEY, HEAD = 0.42, 0.78
WIDE, LINE = 15, 0.18  # of a heading: letters that fit into a column, inches of a line
BAR = 1.0
UNIT = Normalize(0, 1)


class Matrix(Figure):
    """The generalization matrix, one per finding."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw the heat map."""
        return [draw(results, folder) for results in given.each.values()]


def draw(results: Results, folder: Path) -> str:
    """Draw the matrix as PNG and SVG: rows are arms, columns sites, cells AUC and interval.

    Single-site arms are above multi-site arms; the colours are anchored at 0.5 = chance; a cell
    whose site was in training is framed; one that cannot be computed says so in words. Returns
    the name of the figure: "matrix", followed by the finding if there is one.
    """
    groups = results.groups()
    width = LABELS + CELL[0] * len(results.columns) + BAR
    head = KEY + HEAD + LINE * _more_lines(results)
    height = head + GROUP_GAP * len(groups) + CELL[1] * len(results.rows)
    with style.look():
        page = style.sheet(
            results.titled("How well does it work elsewhere? AUC by training sites and test site"),
            width=max(width, 6.4),
            height=height,
            notes=_notes(results),
            synthetic=results.synthetic,
        )
        _key(page, results)
        _headings(page, results)
        top = head
        for group in groups:
            top = _group(page, results, group, top)
        _bar(page, top=head + GROUP_GAP, bottom=top)
        style.save(page.figure, folder, results.file("matrix"))
    return results.file("matrix")


def _notes(results: Results) -> tuple[str, ...]:
    return (
        f"Below each AUC its {results.percent} interval ({words.OF_AREA}). {results.pooling}A "
        "column always holds the same test patients. 0.5 = chance, 1 = perfect.",
        *results.notes(),
    )


def _key(page: style.Sheet, results: Results) -> None:
    shown = {words.verdict(cell) for cell in results.cells.values()}
    entries = [("framed", "test site was in training"), ("plain", "test site never seen")]
    if shown - {"ok"}:
        entries.append(("hatched", "no AUC"))
    key = page.box(0, 0, (6.4, 0.24))
    style.bare(key)
    key.set(xlim=(0, 6.4), ylim=(0, 0.24))
    for number, (kind, meaning) in enumerate(entries):
        x = 0.02 + 2.35 * number
        key.add_patch(style.swatch(kind, (x, 0.03), (0.3, 0.18)))
        key.text(x + 0.38, 0.12, meaning, va="center", size=style.BODY)


def _headings(page: style.Sheet, results: Results) -> None:
    across = LABELS + CELL[0] * len(results.columns) / 2
    page.text(across, KEY - 0.02, "Tested on", ha="center", va="top", color=style.MUTED)
    deepest = _more_lines(results)
    size = 9.5 if deepest else 10.5  # a line may be as wide as its column
    for number, column in enumerate(results.columns):
        x = LABELS + CELL[0] * (number + 0.5)
        lines = _heading(results, column)
        top = KEY + 0.22 + LINE * (deepest + 1 - len(lines))
        page.text(x, top, "\n".join(lines), ha="center", va="top", weight="bold", size=size)
        below, top = words.counts(results.column(column)), KEY + 0.44 + LINE * deepest
        page.text(x, top, below, ha="center", va="top", size=7, color=style.MUTED)


def _heading(results: Results, column: Column) -> list[str]:
    """Return the heading of a column in lines as wide as it, at most."""
    return textwrap.wrap(results.heading(column), WIDE, break_on_hyphens=False)


def _more_lines(results: Results) -> int:
    """Return by how many lines the longest heading is longer than one line."""
    return max(len(_heading(results, column)) for column in results.columns) - 1


def _group(page: style.Sheet, results: Results, group: tuple[Row, ...], top: float) -> float:
    title = "Trained on one site" if group[0].single else "Trained on several sites"
    page.text(LABELS - 0.14, top + 0.29, title, ha="right", color=style.MUTED)
    top += GROUP_GAP
    size = (CELL[0] * len(results.columns), CELL[1] * len(group))
    axes = page.box(LABELS, top, size)
    values = np.array([[_auc(results, row, column) for column in results.columns] for row in group])
    colours = style.auc_colours()
    sns.heatmap(
        values,
        mask=np.isnan(values),
        ax=axes,
        cmap=colours,
        vmin=0,
        vmax=1,
        cbar=False,
        linewidths=2.5,
        linecolor=style.PAPER,
        xticklabels=False,
        yticklabels=False,
    )
    for y, row in enumerate(group):
        label = "\n".join(textwrap.wrap(row.label, 30, break_on_hyphens=False))
        page.text(LABELS - 0.14, top + CELL[1] * (y + 0.5), label, ha="right", va="center", size=10)
        for x, column in enumerate(results.columns):
            _cell(axes, results, (row, column), (x, y))
    return top + size[1]


def _auc(results: Results, row: Row, column: Column) -> float:
    cell = results.cell(row, column)
    return float(cell["pooled"]["auc"]) if words.verdict(cell) == "ok" else float("nan")


def _cell(axes: Axes, results: Results, place: tuple[Row, Column], at: tuple[int, int]) -> None:
    (row, column), (x, y) = place, at
    cell = results.cell(row, column)
    verdict = words.verdict(cell)
    if verdict == "ok":
        pooled = cell["pooled"]
        look: Any = {"ha": "center", "va": "center", "color": style.INK}
        axes.text(x + 0.5, y + 0.39, words.number(pooled["auc"]), size=15, weight="bold", **look)
        below = words.interval(pooled["auc_low"], pooled["auc_high"])
        axes.text(x + 0.5, y + 0.76, below, size=style.SMALL, **look)
    else:
        axes.add_patch(style.swatch("hatched", (x + 0.015, y + 0.03), (0.97, 0.94)))
        axes.text(
            x + 0.5,
            y + 0.5,
            verdict,
            ha="center",
            va="center",
            size=7.5,
            color=style.INK,
            bbox={"facecolor": style.PALE, "edgecolor": "none", "pad": 2},
        )
    if results.own(row, column):
        frame = style.swatch("framed", (x + 0.025, y + 0.05), (0.95, 0.9))
        frame.set(facecolor="none", zorder=5)
        axes.add_patch(frame)


def _bar(page: style.Sheet, *, top: float, bottom: float) -> None:
    width, _ = page.figure.get_size_inches()
    axes = page.box(width - 2 * style.MARGIN - BAR + 0.2, top, (0.16, min(bottom - top, 4.0)))
    bar = page.figure.colorbar(ScalarMappable(UNIT, style.auc_colours()), cax=axes)
    bar.set_ticks([0, 0.25, 0.5, 0.75, 1], labels=["0", "0.25", "0.5\nchance", "0.75", "1"])
    bar.ax.set_title("AUC", size=style.BODY, pad=6)
    bar.outline.set_visible(False)
