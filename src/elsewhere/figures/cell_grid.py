"""cell_grid: a grid of small panels, arms by sites, and what stands where a cell has no numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from elsewhere.figures import style, words
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row
from elsewhere.files import write_rows

SIDE = 1.62
PITCH = (1.86, 1.86)
LABELS, HEAD, FOOT = 2.2, 0.5, 0.3
TINY = 6.8
MOST_ROWS, WIDEST = 8, 18.5  # arms below each other; inches that a page may be wide
SHARES: Mapping[float, str] = {0: "0", 0.5: "0.5", 1: "1"}  # marks of an axis from 0 to 1
FRAMED = "Framed: the test site was in training. "

Pooled = Mapping[str, Any]


@dataclass(frozen=True)
class Panels:
    """What the panels of a figure have in common.

    Attributes
    ----------
    title, notes
        Of the figure.
    across, up
        Names of the axes.
    limits
        Of both axes: (left, right), (bottom, top).
    ticks
        Of both axes: place to mark.
    draw
        Draws the pooled numbers of a cell; returns the reason if there is nothing to draw.
    """

    title: str
    notes: tuple[str, ...]
    across: str
    up: str
    limits: tuple[tuple[float, float], tuple[float, float]]
    ticks: tuple[Mapping[float, str], Mapping[float, str]]
    draw: Callable[[Axes, Pooled], str | None]


def draw(results: Results, panels: Panels, folder: Path, name: str) -> str:
    """Draw a panel per cell as PNG and SVG.

    Returns
    -------
    str
        Name of the figure, followed by the finding or class if there is one.
    """
    blocks = _blocks(results)
    tall, block = len(blocks[0]), LABELS + PITCH[0] * len(results.columns)
    with style.look():
        page = style.sheet(
            results.titled(panels.title),
            width=max(block * len(blocks), 5.6),
            height=HEAD + PITCH[1] * tall + FOOT,
            notes=(*panels.notes, *filter(None, [results.pooling.strip()]), *results.notes()),
            synthetic=results.synthetic,
        )
        for number, rows_of in enumerate(blocks):
            _block(page, results, panels, (block * number, rows_of))
        style.save(page.figure, folder, results.file(name))
    return results.file(name)


def _blocks(results: Results) -> list[tuple[Row, ...]]:
    """Cut the arms into columns of equal height, side by side, so that many stay on a page."""
    block = LABELS + PITCH[0] * len(results.columns)
    n = len(results.rows)
    count = max(1, min(-(-n // MOST_ROWS), int(WIDEST / block)))
    tall = -(-n // count)
    return [results.rows[at : at + tall] for at in range(0, n, tall)]


def _block(
    page: style.Sheet, results: Results, panels: Panels, where: tuple[float, tuple[Row, ...]]
) -> None:
    """Draw some arms by all sites, from a place on."""
    left, rows_of = where
    for x, column in enumerate(results.columns):
        lines = (results.heading(column), words.tested(results.column(column)))
        page.headed(left + LABELS + PITCH[0] * x + SIDE / 2, 0.12, lines, width=PITCH[0] - 0.1)
    for y, row in enumerate(rows_of):
        top = HEAD + PITCH[1] * y
        label = "\n".join(textwrap.wrap(row.label, 20, break_on_hyphens=False))
        page.text(left + LABELS - 0.68, top + SIDE / 2, label, ha="right", va="center", size=10)
        for x, column in enumerate(results.columns):
            axes = page.box(left + LABELS + PITCH[0] * x, top, (SIDE, SIDE))
            outer = (x == 0, y == len(rows_of) - 1)
            _frame(axes, panels, outer=outer, own=results.own(row, column))
            _panel(axes, panels, results.cell(row, column))


def write_table(
    given: Given,
    path: Path,
    *,
    columns: tuple[str, ...],
    table: Callable[[Results], Iterable[Mapping[str, Any]]],
) -> None:
    """Write the rows that `table` returns of each finding or class, one after another, as CSV."""
    found = (row for results in given.each.values() for row in table(results))
    write_rows(found, path, columns=columns)


def rows(results: Results) -> Iterator[tuple[dict[str, Any], Pooled | None]]:
    """Yield what a CSV says of each cell, and its pooled numbers; None where it was not run."""
    for row in results.rows:
        for column in results.columns:
            cell = results.cell(row, column)
            ran = cell["status"] != words.NOT_RUN
            yield _about(results, row, column), cell["pooled"] if ran else None


ABOUT = ("site", "synthetic", "arm", "label", "trained_here", "finding")


def _about(results: Results, row: Row, column: Column) -> dict[str, Any]:
    return {
        "site": column.row,
        "arm": row.name,
        "trained_here": "yes" if results.own(row, column) else "no",
        "finding": results.named.finding,
        **results.marks(row, column),
    }


def _frame(axes: Axes, panels: Panels, *, outer: tuple[bool, bool], own: bool) -> None:
    across, up = panels.ticks
    axes.set(xlim=panels.limits[0], ylim=panels.limits[1])
    axes.set_xticks([*across], [*across.values()] if outer[1] else [""] * len(across))
    axes.set_yticks([*up], [*up.values()] if outer[0] else [""] * len(up))
    axes.tick_params(length=2, pad=2, labelsize=7)
    if outer[0]:
        axes.set_ylabel(panels.up, size=style.SMALL, labelpad=2)
    if outer[1]:
        axes.set_xlabel(panels.across, size=style.SMALL, labelpad=2)
    for spine in axes.spines.values():
        spine.set(visible=True, linewidth=2.4 if own else 0.8, zorder=5)
        spine.set_edgecolor(style.INK if own else style.HATCH)


def _panel(axes: Axes, panels: Panels, cell: Mapping[str, Any]) -> None:
    if cell["status"] == words.NOT_RUN:
        reason: str | None = words.NOT_RUN
    else:
        reason = panels.draw(axes, cell["pooled"])
    if reason is None:
        return
    (left, right), (bottom, top) = panels.limits
    axes.add_patch(style.swatch("hatched", (left, bottom), (right - left, top - bottom)))
    said = reason if reason == words.NOT_RUN else f"undefined: {reason}"
    axes.text(
        (left + right) / 2, (bottom + top) / 2, "\n".join(textwrap.wrap(said, 22)),
        ha="center", va="center", size=7.5,
        bbox={"facecolor": style.PALE, "edgecolor": "none", "pad": 2},
    )  # fmt: skip


def write(axes: Axes, lines: list[str], *, at: tuple[float, float], align: str = "left") -> None:
    """Write lines of numbers downwards from a place, as shares of the panel."""
    axes.text(
        *at, "\n".join(lines), transform=axes.transAxes, ha=align, va="top", size=TINY, zorder=6,
        linespacing=1.25,
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.8, "alpha": 0.8},
    )  # fmt: skip


def short(pooled: Pooled, name: str, *, digits: int = 2) -> str:
    """Write a number with its interval, or that it is undefined."""
    if pooled.get(name) is None:
        return words.UNDEFINED
    found = [pooled[f"{name}{end}"] for end in ("", "_low", "_high")]
    # 0 is added so that what rounds to 0 has no sign
    value, low, high = (words.number(round(x, digits) + 0.0, digits=digits) for x in found)
    return f"{value} ({low} to {high})"
