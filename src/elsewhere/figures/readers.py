"""readers: draws readers as points beside the ROC curves of models, a panel per class (C-30)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from elsewhere.design.scoring import Scoring
from elsewhere.figures import interval_methods, style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row
from elsewhere.figures.roc_axes import BELOW, ENTRY, LEFT, PITCH, SIDE, frame
from elsewhere.files import write_rows
from elsewhere.scores import readers
from elsewhere.scores.readers import DIFFERENCE, MEAN, MODEL, NUMBERS, VOTE

PREFIX = "readers_"
COLUMNS = (
    *("arm", "label", "site", "synthetic", "class", "who", "years", "quantity"),
    *("n_patients", "n_scans", "n_positive", *NUMBERS),
)
TITLE = 0.5
MARKS: Mapping[str, Mapping[str, Any]] = {
    "reader": {"marker": "x", "color": "black", "markersize": 5},
    MEAN: {"marker": "+", "color": style.PALETTE[1], "markersize": 11, "markeredgewidth": 2},
    VOTE: {"marker": "D", "color": "black", "markersize": 5, "fillstyle": "none"},
}


@dataclass(frozen=True)
class Compared:
    """Readers of one site beside each arm.

    Attributes
    ----------
    column
        The site.
    tables
        Arm to the rows of `scores.readers.table`.
    """

    column: Column
    tables: Mapping[str, Sequence[Mapping[str, Any]]]


class Readers(Figure):
    """Readers beside the ROC curves of the models."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a figure per site with readers; sites that no model was tested on have none."""
        drawn = []
        for column in given.results.columns:
            if column.row in given.job.paths("readers"):
                compared = _compared(given, column)
                if compared.tables:
                    drawn.append(_draw(given, compared, folder))
        return drawn


def _compared(given: Given, column: Column) -> Compared:
    names, scoring = given.settings.classes, given.settings.scoring
    calls = readers.read(given.job.paths("readers")[column.row], classes=names)
    tables = {}
    for row in given.results.rows:
        predicted = given.predicted(f"{row.name}/{column.row}")
        tested = predicted.frame[predicted.frame["part"] == "test"]
        if tested.empty:
            continue
        scans = readers.called(tested, classes=names)
        shared = scans[scans["scan_id"].isin(calls["scan_id"])]
        if not shared.empty:
            study = readers.reading(calls, shared, classes=names, unit=predicted.unit)
            tables[row.name] = readers.table(study, scoring=scoring)
    return Compared(column, tables)


def _draw(given: Given, compared: Compared, folder: Path) -> str:
    name = f"{PREFIX}{compared.column.name}"
    shown = {key: results for key, results in given.each.items() if _has_curve(results, compared)}
    rows = [row for row in given.results.rows if row.name in compared.tables]
    write_rows(_lines(compared, rows), folder / f"{name}.csv", columns=COLUMNS)
    width = LEFT + PITCH * (max(len(shown), 1) - 1) + SIDE + 0.15
    height = TITLE + SIDE + BELOW + ENTRY * (len(rows) + len(MARKS))
    shown_cells = [r.cell(row, compared.column) for r in shown.values() for row in rows]
    methods = interval_methods.note(shown_cells)
    with style.look():
        page = style.sheet(
            f"Readers and models at {compared.column.title}",
            width=width,
            height=height,
            notes=(
                *_notes(given.settings.scoring, compared, rows, methods),
                *given.together.notes(),
            ),
            synthetic=compared.column.synthetic,
        )
        canvas = page.canvas(width, height)
        for x, (finding, results) in enumerate(shown.items()):
            left = LEFT + PITCH * x
            title = finding or given.settings.classes[1]
            page.text(left, TITLE - 0.15, f"{title} against the rest", va="center", weight="bold")
            axes = page.box(left, TITLE, (SIDE, SIDE))
            frame(axes, first=x == 0)
            _curves(axes, results, compared, rows)
            _points(axes, compared, title)
            _legend(canvas, results, compared, rows, (left, TITLE + SIDE + BELOW))
        style.save(page.figure, folder, name)
    return name


def _has_curve(results: Results, compared: Compared) -> bool:
    return any(
        words.verdict(results.cells[arm, compared.column.row]) == "ok" for arm in compared.tables
    )


def _curves(axes: Axes, results: Results, compared: Compared, rows: Sequence[Row]) -> None:
    for number, row in enumerate(rows):
        cell = results.cell(row, compared.column)
        if words.verdict(cell) == "ok":
            curve = cell["pooled"]["roc"]
            axes.plot(curve["fpr"], curve["tpr"], linewidth=1.4, color=_colour(number))


def _points(axes: Axes, compared: Compared, title: str) -> None:
    """Draw the readers; they are the same whichever model stands beside them."""
    table = next(iter(compared.tables.values()))
    points: dict[str, dict[str, float]] = {}
    for line in table:
        if line["class"] == title and line["value"] is not None:
            points.setdefault(line["who"], {})[line["quantity"]] = line["value"]
    for who, point in points.items():
        known = {"sensitivity", "specificity"} <= {*point}
        if who not in (MODEL, DIFFERENCE) and known:
            look = MARKS.get(who, MARKS["reader"])
            at = ([1 - point["specificity"]], [point["sensitivity"]])
            axes.plot(*at, linestyle="none", zorder=5, clip_on=False, **look)


def _legend(
    canvas: Axes,
    results: Results,
    compared: Compared,
    rows: Sequence[Row],
    at: tuple[float, float],
) -> None:
    left, y = at
    for number, row in enumerate(rows):
        canvas.plot([left, left + 0.24], [y, y], color=_colour(number), linewidth=1.4)
        canvas.text(left + 0.3, y, row.short(30), va="center", size=7.5)
        cell = results.cell(row, compared.column)
        text = words.area(cell) + interval_methods.mark(cell)
        canvas.text(left + SIDE, y, text, ha="right", va="center", size=7.5)
        y += ENTRY
    for who, look in MARKS.items():
        canvas.plot([left + 0.12], [y], linestyle="none", **look)
        canvas.text(left + 0.3, y, "majority vote" if who == VOTE else who, va="center", size=7.5)
        y += ENTRY


def _notes(
    scoring: Scoring, compared: Compared, rows: Sequence[Row], methods: str
) -> tuple[str, ...]:
    table = compared.tables[rows[0].name]
    count = len({line["who"] for line in table} - {MODEL, MEAN, VOTE, DIFFERENCE})
    tested = words.sizes(table[0]["n_patients"], table[0]["n_scans"])
    return (
        f"{count} readers called the same test scans ({tested}). Curves: models on all test scans "
        f"of the site, with AUC and its {scoring.confidence:.0%} interval ({methods}). A reader "
        "gives one class a scan, so one point a panel. The tests of models against readers are in "
        "the CSV beside this picture.",
    )


def _lines(compared: Compared, rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        about = {
            "arm": row.name,
            "label": row.label,
            "site": compared.column.name,
            "synthetic": "yes" if compared.column.synthetic else "no",
        }
        for line in compared.tables[row.name]:
            yield about | {key: value for key, value in line.items() if key in COLUMNS}


def _colour(number: int) -> str:
    return style.PALETTE[number % len(style.PALETTE)]
