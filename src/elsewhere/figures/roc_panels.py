"""roc_panels: draws ROC curves of several arms in one axes, panels by sites."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from elsewhere.figures import interval_methods, style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row
from elsewhere.figures.roc_axes import BELOW, ENTRY, GAP, LEFT, PITCH, SIDE, frame

HEAD = 0.54
NAMED = 26
DASHED = (0, (4, 2))


class RocPanels(Figure):
    """ROC curves of several arms in the same axes."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a row of axes per panel, of more than two classes a figure for each."""
        panels = given.settings.roc_panels or {}
        return [name for results in given.each.values() for name in draw(results, panels, folder)]


def draw(results: Results, panels: Mapping[str, Sequence[str]], folder: Path) -> list[str]:
    """Draw roc_panels.png and .svg: a row of axes per panel, a column per site (C-34, D-43).

    Of more than two classes, the results of one against the rest give roc_panels_<class>.

    Sites on which no arm of a panel has a ROC curve are left out, and a note says so.

    Parameters
    ----------
    panels
        Name of a panel, such as ``a``, to the arms whose curves share its axes.

    Returns
    -------
    list of str
        Names of the figures drawn: none without panels or without any curve.
    """
    arms = {row.name: row for row in results.rows}
    rows = {name: [arms[arm] for arm in named] for name, named in panels.items()}
    drawn = [row for group in rows.values() for row in group]
    kept = [
        column
        for column in results.columns
        if any(_has_curve(results, row, column) for row in drawn)
    ]
    if not kept:
        return []
    heights = {name: SIDE + BELOW + ENTRY * _lines(group) + GAP for name, group in rows.items()}
    width, height = LEFT + PITCH * (len(kept) - 1) + SIDE + 0.15, HEAD + sum(heights.values()) - GAP
    with style.look():
        page = style.sheet(
            results.titled("ROC curves of the arms, side by side"),
            width=width,
            height=height,
            notes=(*_notes(results, kept, drawn), *results.notes()),
            synthetic=results.synthetic,
        )
        canvas = page.canvas(width, height)
        for x, column in enumerate(kept):
            middle = LEFT + PITCH * x + SIDE / 2
            lines = (results.heading(column), words.tested(results.column(column)))
            page.headed(middle, 0.14, lines, width=PITCH - 0.1)
        top = HEAD
        for name, group in rows.items():
            page.text(0, top, name, va="top", weight="bold", size=style.TITLE)
            for x, column in enumerate(kept):
                at = (LEFT + PITCH * x, top)
                axes = page.box(*at, (SIDE, SIDE))
                frame(axes, first=x == 0)
                _curves(axes, results, group, column)
                _legend(canvas, results, (group, column), (at[0], at[1] + SIDE + BELOW))
            top += heights[name]
        style.save(page.figure, folder, results.file("roc_panels"))
    return [results.file("roc_panels")]


def _has_curve(results: Results, row: Row, column: Column) -> bool:
    return words.verdict(results.cell(row, column)) == "ok"


def _notes(results: Results, kept: Sequence[Column], drawn: Sequence[Row]) -> tuple[str, ...]:
    cells = [results.cell(row, column) for row in drawn for column in kept]
    notes = [
        f"Curves, AUC with its {results.percent} interval ({interval_methods.note(cells)}). "
        f"{results.pooling}Dashed: the arm was not trained on this site. Grey: chance."
    ]
    for column in results.columns:
        if column not in kept:
            why = words.reason(results.column(column))
            notes.append(f"{column.title} is left out: {why}.")
    return tuple(notes)


def _curves(axes: Axes, results: Results, group: Sequence[Row], column: Column) -> None:
    for number, row in enumerate(group):
        if _has_curve(results, row, column):
            curve = results.cell(row, column)["pooled"]["roc"]
            line = _look(results, row, column, number)
            axes.plot(curve["fpr"], curve["tpr"], zorder=3 + number, **line)


def _look(results: Results, row: Row, column: Column, number: int) -> dict[str, Any]:
    own = results.own(row, column)
    colour = style.PALETTE[number % len(style.PALETTE)]
    return {"color": colour, "linewidth": 1.6 if own else 1.1, "linestyle": "-" if own else DASHED}


def _wrapped(row: Row) -> list[str]:
    return textwrap.wrap(row.label, NAMED, break_on_hyphens=False)


def _lines(group: Sequence[Row]) -> int:
    return sum(len(_wrapped(row)) for row in group)


def _legend(
    canvas: Axes, results: Results, what: tuple[Sequence[Row], Column], at: tuple[float, float]
) -> None:
    group, column = what
    left, y = at
    for number, row in enumerate(group):
        look = _look(results, row, column, number)
        canvas.plot([left, left + 0.24], [y, y], **look)
        cell = results.cell(row, column)
        text = words.area(cell) + interval_methods.mark(cell)
        canvas.text(left + SIDE, y, text, ha="right", va="center", size=7.5)
        for line in _wrapped(row):
            canvas.text(left + 0.3, y, line, va="center", size=7.5)
            y += ENTRY
