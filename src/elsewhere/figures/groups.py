"""groups: draws AUC, sensitivity and calibration of every arm in groups, a panel for each site."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row
from elsewhere.files import write_rows
from elsewhere.scores import groups, operating
from elsewhere.scores.groups import AUC, CALIBRATION, NO_FIELD, SENSITIVITY

NAME = "groups"
MARKS = ("label", "synthetic")
GROUP, CELL, LINE, HEAD, TITLE, GAP, SAID, TINY = 2.6, 1.4, 0.48, 0.5, 0.3, 0.25, 0.16, 6.5
# what stands before a quantity, the form of its numbers, and what stands between limits
FORMS = {
    AUC: ("", ".2f", "–"),
    SENSITIVITY: ("sens ", ".2f", "–"),
    CALIBRATION: ("cal ", "+.2f", " to "),
}
LONG = 12  # inches of words per line are cut by

Rows = Sequence[Mapping[str, Any]]


class Groups(Figure):
    """Every arm in groups by sex, age, scanner, kernel and contrast, the worst marked."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a figure for each finding, or for each of more than two classes."""
        for finding, results in given.each.items():
            draw(results, rows(given, results, finding), folder)
        return [results.file(NAME) for results in given.each.values()]


def rows(given: Given, results: Results, finding: str) -> list[dict[str, Any]]:
    """Return rows of `groups.COLUMNS`: each arm, site, group and quantity.

    Parameters
    ----------
    finding
        Name of the finding or class; empty where scans have one of two labels.
    """
    found = []
    for column in results.columns:
        manifest = given.manifests[column.row].set_index("scan_id")
        for row in results.rows:
            cell = results.cell(row, column)
            about = {"arm": row.name, "site": column.name, **results.marks(row, column)}
            if cell["status"] == words.NOT_RUN:
                why = {"status": words.NOT_RUN, "reason": words.reason(cell)}
                found.append({**dict.fromkeys(groups.COLUMNS), **about, **why})
                continue
            predicted = given.predicted(f"{row.name}/{column.row}", finding=finding)
            place = operating.place(predicted, cell, scoring=given.settings.scoring)
            of = groups.fields(manifest.reindex(place.test.index))
            found += [{**about, **line} for line in groups.measured(place, of)]
    return found


def draw(results: Results, found: Rows, folder: Path) -> None:
    """Draw groups.png and .svg, a panel for each site, and write groups.csv.

    Parameters
    ----------
    found
        As from `rows`.
    """
    name = results.file(NAME)
    write_rows(found, folder / f"{name}.csv", columns=(*MARKS, *groups.COLUMNS))
    width = GROUP + CELL * len(results.rows)
    panels = [(column, *_panel(results, column, found, width)) for column in results.columns]
    height = sum(_height(lines, said) for _, lines, said in panels) + GAP * (len(panels) - 1)
    with style.look():
        page = style.sheet(
            results.titled("Groups of patients and scans"),
            width=width,
            height=height,
            notes=(*_notes(results), *results.notes()),
            synthetic=results.synthetic,
        )
        canvas = page.canvas(width, height)
        top = 0.0
        for column, lines, said in panels:
            page.text(0, top + 0.12, results.heading(column), weight="bold", va="center", size=10.5)
            if lines:
                _names(page, results, top + TITLE)
            for number, (field, group) in enumerate(lines):
                y = top + TITLE + HEAD + LINE * number
                page.text(0, y + LINE / 2, f"{field} {group}", va="center", size=style.SMALL)
                for place, row in enumerate(results.rows):
                    at = [
                        line
                        for line in found
                        if (line["site"], line["arm"], line["field"], line["group"])
                        == (column.name, row.name, field, group)
                    ]
                    _cell(page, canvas, (GROUP + CELL * place, y), at)
            under = top + TITLE + (HEAD + LINE * len(lines) if lines else 0.0)
            for number, text in enumerate(said):
                y = under + 0.12 + SAID * number
                page.text(0, y, text, va="center", size=style.SMALL, color=style.MUTED)
            top += _height(lines, said) + GAP
        style.save(page.figure, folder, name)


def _panel(
    results: Results, column: Column, found: Rows, width: float
) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the groups of a site that some arm has a number for, and what is said below."""
    of_site = [line for line in found if line["site"] == column.name]
    shown = {(line["field"], line["group"]): None for line in of_site if line["value"] is not None}
    hidden = {
        f"{line['field']} {line['group']} ({line['n_patients'] or line['n_scans']})": None
        for line in of_site
        if line["group"] is not None and (line["field"], line["group"]) not in shown
    }
    said = [
        f"{row.short(40)}, worst group: {text}."
        for row in results.rows
        if (text := groups.worst([line for line in of_site if line["arm"] == row.name]))
    ]
    if hidden:
        said.append(f"Too few patients, or nothing to compare with: {', '.join(hidden)}.")
    not_run = [line for line in of_site if line["status"] == words.NOT_RUN]
    if not_run:
        said.append(f"{words.NOT_RUN}: {not_run[0]['reason']}.")
    said += [f"{NO_FIELD}." for line in of_site[:1] if line["reason"] == NO_FIELD]
    characters = int(width * LONG)
    return [*shown], [part for text in said for part in textwrap.wrap(text, characters)]


def _height(lines: Sequence[Any], said: Sequence[str]) -> float:
    table = HEAD + LINE * len(lines) if lines else 0.0
    return TITLE + table + SAID * len(said) + 0.1


def _names(page: style.Sheet, results: Results, top: float) -> None:
    for place, row in enumerate(results.rows):
        for number, part in enumerate(_wrapped(row)):
            x, y = GROUP + CELL * (place + 0.5), top + 0.08 + 0.14 * number
            page.text(x, y, part, ha="center", va="center", size=7, weight="bold")


def _wrapped(row: Row) -> list[str]:
    lines = textwrap.wrap(row.label, 20)
    return lines if len(lines) <= 3 else [*lines[:2], f"{lines[2][:17]} …"]


def _cell(page: style.Sheet, canvas: Axes, at: tuple[float, float], of_group: Rows) -> None:
    by = {line["quantity"]: line for line in of_group}
    area = by.get(AUC)
    if area is None:
        return
    left, top = at
    if area["value"] is not None:
        colour = style.auc_colours()(area["value"])
        worst = area["worst"] == "yes"
        canvas.add_patch(
            Rectangle(
                (left + 0.03, top + 0.02),
                CELL - 0.06,
                LINE - 0.04,
                facecolor=colour,
                edgecolor=style.RED if worst else style.PAPER,
                linewidth=1.8 if worst else 0.0,
            )
        )
    several = [line for quantity in FORMS if (line := by[quantity])["value"] is not None]
    for number, line in enumerate(several):
        y = top + LINE / 2 + 0.13 * (number - (len(several) - 1) / 2)
        size = style.SMALL if line is area else TINY
        page.text(left + CELL / 2, y, _shown(line), ha="center", va="center", size=size)


def _shown(line: Mapping[str, Any]) -> str:
    name, form, to = FORMS[line["quantity"]]
    # 0 is added so that what rounds to 0 has no sign
    value, low, high = (
        None if line[end] is None else round(line[end], 2) + 0.0 for end in ("value", "low", "high")
    )
    limits = "" if low is None else f" ({low:{form}}{to}{high:{form}})"
    return f"{name}{value:{form}}{limits}".replace("-", "−")


def _notes(results: Results) -> tuple[str, ...]:
    return (
        f"AUC, with {results.percent} intervals; sens: sensitivity at the cell's threshold; cal: "
        "calibration in the large, share of positives minus mean probability (above 0: the model "
        "says too little). Framed: lowest AUC of the model at the site. Differences are against "
        "all others of the same field, over the same patients, with intervals widened for the "
        f"number of groups (Bonferroni). At least {groups.FEWEST} patients of each "
        "class that a number needs.",
    )
