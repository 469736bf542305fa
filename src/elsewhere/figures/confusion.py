"""confusion: draws normalised confusion matrices, arms by sites, and their averages."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Results, Row
from elsewhere.scores.confusion import Confusion, Matrix, accuracy, average, combined, normalised

SIDE = 0.56
PITCH = (1.42, 1.5)
LABELS, HEAD, SUMMARY_GAP = 2.15, 0.68, 0.3
NAMES = {"single": "confusion_single_site", "multi": "confusion_multi_site"}


@dataclass(frozen=True)
class Panel:
    """One matrix: shares by truth (rows) and call (columns), or the text shown instead."""

    matrix: Matrix | None
    below: str = ""
    accuracy: float | None = None
    instead: str = ""
    framed: bool = False


class ConfusionMatrices(Figure):
    """Confusion matrices of every arm on every site."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a grid of single-site arms and one of multi-site arms."""
        without = given.settings.averages_without
        return draw(given.results, folder, averages_without=without)


def draw(results: Results, folder: Path, *, averages_without: tuple[str, ...]) -> list[str]:
    """Draw one grid for the single-site arms (A-61) and one for the multi-site arms (A-62).

    Parameters
    ----------
    averages_without
        The study's names of the sites that the second Average leaves out (A-54).

    Returns
    -------
    list of str
        Names of the figures drawn; a study without arms of a kind has no such grid.
    """
    drawn = []
    for group in results.groups():
        kind = "single" if group[0].single else "multi"
        _grid(results, group, folder / NAMES[kind], averages_without)
        drawn.append(NAMES[kind])
    return drawn


def _grid(
    results: Results, group: tuple[Row, ...], path: Path, averages_without: tuple[str, ...]
) -> None:
    titles = _summaries(results, averages_without)
    columns = len(results.columns) + len(titles)
    width = LABELS + PITCH[0] * columns + SUMMARY_GAP
    height = HEAD + PITCH[1] * len(group)
    kind = "one site" if group[0].single else "several sites"
    with style.look():
        page = style.sheet(
            f"Confusion matrices of models trained on {kind}: share of each true class",
            width=width,
            height=height,
            notes=_notes(results, averages_without),
            synthetic=results.synthetic,
        )
        canvas = page.canvas(width, height)
        tested = [words.tested(results.column(column)) for column in results.columns]
        headings = [
            *map("\n".join, zip(map(results.heading, results.columns), tested, strict=True)),
            *titles,
        ]
        for number, heading in enumerate(headings):
            _heading(canvas, heading, _left(results, number))
        for line, row in enumerate(group):
            top = HEAD + PITCH[1] * line
            label = "\n".join(textwrap.wrap(row.label, 20, break_on_hyphens=False))
            canvas.text(LABELS - 0.55, top + SIDE, label, ha="right", va="center", size=10)
            for number, panel in enumerate(_panels(results, row, averages_without)):
                _panel(canvas, panel, (_left(results, number), top), first=number == 0)
        style.save(page.figure, path.parent, path.name)


def _summaries(results: Results, averages_without: tuple[str, ...]) -> list[str]:
    titles = ["Average\nall sites"]
    left_out = [column.title for column in results.columns if column.name in averages_without]
    if left_out:
        titles.append("Average\nwithout " + ", ".join(left_out))
    return [*titles, "Combined\nall samples"]


def _notes(results: Results, averages_without: tuple[str, ...]) -> tuple[str, ...]:
    second = " The second leaves out what its heading names." if averages_without else ""
    return (
        "Rows of a matrix: truth; columns: call of the model at threshold t. Each row adds up to "
        "1. Framed: the test site was in training.",
        "Average: equal weight for each site; a row is averaged over the sites that have scans "
        f"of its class.{second} Combined: over all samples. acc: accuracy, for Average the mean "
        "of the sites' accuracies.",
        *([f"Calls {results.calls}. {results.pooling}"] if results.repeated else []),
        *results.notes(),
    )


def _left(results: Results, number: int) -> float:
    gap = SUMMARY_GAP if number >= len(results.columns) else 0.0
    return LABELS + PITCH[0] * number + gap


def _heading(canvas: Axes, heading: str, left: float) -> None:
    first, _, second = heading.partition("\n")
    canvas.text(left + SIDE, 0.2, first, ha="center", va="center", weight="bold", size=10)
    canvas.text(left + SIDE, 0.38, second, ha="center", va="center", size=7, color=style.MUTED)
    for share, call in ((0.5, "called –"), (1.5, "called +")):
        canvas.text(
            left + SIDE * share, HEAD - 0.09, call, ha="center", va="center", size=7,
            color=style.MUTED,
        )  # fmt: skip


def _panels(results: Results, row: Row, averages_without: tuple[str, ...]) -> list[Panel]:
    cells = {column.row: results.cell(row, column) for column in results.columns}
    panels = [
        _site_panel(cells[column.row], framed=results.own(row, column))
        for column in results.columns
    ]
    counts = {name: _counts(cell) for name, cell in cells.items() if cell["status"] != "not run"}
    if not counts:
        return panels + [Panel(None, instead=words.NOT_RUN)] * len(
            _summaries(results, averages_without)
        )
    without = _rows_of(results, averages_without)
    for left_out in ((), without) if without else ((),):
        mean = average(counts, without=left_out)
        panels.append(Panel(mean["matrix"], accuracy=mean["accuracy"]))
    total = combined(counts.values())
    return [*panels, Panel(normalised(total), accuracy=accuracy(total))]


def _rows_of(results: Results, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(column.row for column in results.columns if column.name in names)


def _counts(cell: Mapping[str, Any]) -> Confusion:
    """Return the calls of a cell, each scan once: a site that more models call counts no more."""
    counts = Confusion(**cell["pooled"]["confusion"])
    calls = sum(counts) / cell["pooled"]["n_scans"] if cell["pooled"]["n_scans"] else 1
    return counts if calls == 1 else Confusion(*(count / calls for count in counts))


def _site_panel(cell: Mapping[str, Any], *, framed: bool) -> Panel:
    if cell["status"] == "not run":
        return Panel(None, instead=words.NOT_RUN, framed=framed)
    pooled = cell["pooled"]
    below = "own t" if pooled["threshold"] is None else f"t = {words.number(pooled['threshold'])}"
    return Panel(normalised(_counts(cell)), below, pooled["accuracy"], framed=framed)


def _panel(canvas: Axes, panel: Panel, at: tuple[float, float], *, first: bool) -> None:
    x, y = at
    if panel.matrix is None:
        canvas.add_patch(style.swatch("hatched", (x, y), (2 * SIDE, 2 * SIDE)))
        _instead(canvas, panel.instead, (x + SIDE, y + SIDE))
    else:
        for line, shares in enumerate(panel.matrix):
            _shares(canvas, shares, (x, y + SIDE * line), positive=line == 1)
        below = y + 2 * SIDE + 0.13
        canvas.text(x, below, panel.below, va="center", size=7.5)
        right = f"acc {words.number(panel.accuracy)}"
        canvas.text(x + 2 * SIDE, below, right, ha="right", va="center", size=7.5)
    if first:
        for share, truth in ((0.5, "true –"), (1.5, "true +")):
            canvas.text(
                x - 0.06, y + SIDE * share, truth, ha="right", va="center", size=7,
                color=style.MUTED,
            )  # fmt: skip
    frame = style.swatch("framed" if panel.framed else "plain", at, (2 * SIDE, 2 * SIDE))
    frame.set(facecolor="none", zorder=5)
    canvas.add_patch(frame)


def _shares(
    canvas: Axes, shares: list[float | None], at: tuple[float, float], *, positive: bool
) -> None:
    x, y = at
    known = [share for share in shares if share is not None]
    if len(known) < len(shares):
        canvas.add_patch(style.swatch("hatched", at, (2 * SIDE, SIDE)))
        kind = "positive" if positive else "negative"
        _instead(canvas, f"no {kind} scans", (x + SIDE, y + SIDE / 2))
        return
    for number, share in enumerate(known):
        left = x + SIDE * number
        canvas.add_patch(
            Rectangle((left, y), SIDE, SIDE, facecolor=style.share_colours()(share), edgecolor="w")
        )
        canvas.text(
            left + SIDE / 2, y + SIDE / 2, words.number(share), ha="center", va="center", size=11
        )


def _instead(canvas: Axes, meaning: str, at: tuple[float, float]) -> None:
    canvas.text(
        *at,
        meaning,
        ha="center",
        va="center",
        size=7,
        bbox={"facecolor": style.PALE, "edgecolor": "none", "pad": 1.5},
    )
