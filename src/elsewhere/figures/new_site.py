"""new_site: forest plot of AUCs over sites, pooled, with the interval of the next site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Results, Row
from elsewhere.files import write_rows
from elsewhere.scores import new_site
from elsewhere.scores.new_site import ALL, UNSEEN, Known

NAME = "new_site"
MARKS = ("label", "synthetic")
TITLES = {UNSEEN: "sites it never saw, pooled", ALL: "all sites, pooled"}
NAMES, PLOT, NUMBERS, LINE, GAP, HEAD = 3.0, 4.2, 4.3, 0.21, 0.16, 0.3
CORRECTED = "*"  # in the numbers and in the note
NUMBERED = 0.15  # between plot and numbers


class NewSite(Figure):
    """AUCs of every arm at every site, and what to expect at a site that is not there."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a forest plot for each finding, or for each of more than two classes."""
        for results in given.each.values():
            draw(results, rows(results), folder)
        return [results.file(NAME) for results in given.each.values()]


def rows(results: Results) -> list[dict[str, Any]]:
    """Return rows of `new_site.COLUMNS`: each arm over the sites it never saw, and over all."""
    return [
        {
            **results.marks(row, None),
            **new_site.row(
                _known(results, row, which),
                about={"arm": row.name, "which": which},
                confidence=results.named.confidence,
            ),
        }
        for row in results.rows
        for which in (UNSEEN, ALL)
    ]


def draw(results: Results, pooled: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Draw new_site.png and .svg, and write new_site.csv.

    Parameters
    ----------
    pooled
        As from `rows`.
    """
    name = results.file(NAME)
    write_rows(pooled, folder / f"{name}.csv", columns=(*MARKS, *new_site.COLUMNS))
    tall = LINE * (len(results.columns) + len(TITLES) + 1) + GAP
    height = HEAD + tall * len(results.rows)
    with style.look():
        page = style.sheet(
            results.titled("What to expect at a new site"),
            width=NAMES + PLOT + NUMBERED + NUMBERS,
            height=height + 0.35,
            notes=(*_notes(results), *results.notes()),
            synthetic=results.synthetic,
        )
        axes = page.box(NAMES, HEAD, (PLOT, tall * len(results.rows)))
        axes.set(xlim=(0, 1), ylim=(tall * len(results.rows), 0), yticks=[], xlabel="AUC")
        axes.axvline(0.5, color=style.HATCH, linewidth=0.8, linestyle=(0, (3, 3)))
        left = NAMES + PLOT + NUMBERED
        for x, heading in ((0, "AUC"), (1.4, f"new site, {results.percent}"), (3.3, "I²")):
            page.text(left + x, HEAD / 2, heading, va="center", weight="bold", size=style.SMALL)
        for number, row in enumerate(results.rows):
            of_arm = [line for line in pooled if line["arm"] == row.name]
            _arm(page, axes, results, row, (of_arm, tall * number))
        style.save(page.figure, folder, name)


def _known(results: Results, row: Row, which: str) -> list[Known]:
    """Return the sites where an arm has an AUC: those that it never saw, or all."""
    found = []
    for column in results.columns:
        pooled = results.cell(row, column)["pooled"]
        chosen = which == ALL or not results.own(row, column)
        if chosen and pooled["auc"] is not None:
            ends = (pooled["auc_low"], pooled["auc_high"])
            found.append(
                Known(column.name, pooled["auc"], pooled["auc_se"], *ends, _patients(pooled))
            )
    return found


def _patients(pooled: Mapping[str, Any]) -> tuple[int, int]:
    """Return positive patients and the others; images where patients are not known."""
    if pooled["n_patients"] is None:
        return pooled["n_positive"], pooled["n_scans"] - pooled["n_positive"]
    positive = pooled["n_positive_patients"]
    return positive, pooled["n_patients"] - positive


def _arm(
    page: style.Sheet,
    axes: Axes,
    results: Results,
    row: Row,
    at: tuple[Sequence[Mapping[str, Any]], float],
) -> None:
    of_arm, top = at
    left = NAMES + PLOT + NUMBERED
    page.text(0, HEAD + top + LINE / 2, row.short(38), va="center", weight="bold", size=8.5)
    for number, column in enumerate(results.columns):
        y = top + LINE * (number + 1.5)
        own, cell = results.own(row, column), results.cell(row, column)
        title = results.heading(column) + (" (own)" if own else "")
        page.text(0.15, HEAD + y, title, va="center", size=style.SMALL)
        page.text(left, HEAD + y, words.area(cell), va="center", size=style.SMALL)
        numbers = cell["pooled"]
        if numbers["auc"] is not None:
            axes.plot([numbers["auc_low"], numbers["auc_high"]], [y, y], color=style.BLUE, lw=0.9)
            face = style.BLUE if own else style.PAPER
            axes.plot(numbers["auc"], y, "o", ms=4.5, mfc=face, mec=style.BLUE, clip_on=False)
    for number, line in enumerate(of_arm):
        y = top + LINE * (len(results.columns) + number + 1.5)
        page.text(0.15, HEAD + y, TITLES[line["which"]], va="center", size=style.SMALL)
        if line["status"] != "ok":
            why = f"{line['status']}: {line['n_sites']} of at least {new_site.FEWEST} sites"
            why += "; the intervals of others tell nothing" if line["left_out"] else ""
            page.text(left, HEAD + y, why, va="center", size=style.SMALL, color=style.MUTED)
            continue
        _pooled(axes, line, y)
        for x, text in zip((0, 1.4, 3.3), _shown(line), strict=True):
            page.text(left + x, HEAD + y, text, va="center", size=style.SMALL, weight="bold")


def _pooled(axes: Axes, line: Mapping[str, Any], y: float) -> None:
    """Draw the interval of a new site as a bar, the mean as a diamond from low to high."""
    axes.plot(
        [line["new_low"], line["new_high"]], [y, y], color=style.ORANGE, lw=3, alpha=0.45
    )  # fmt: skip
    corners = [
        (line["low"], y),
        (line["auc"], y - 0.07),
        (line["high"], y),
        (line["auc"], y + 0.07),
    ]
    axes.add_patch(Polygon(corners, facecolor=style.ORANGE, edgecolor=style.ORANGE, zorder=3))


def _shown(line: Mapping[str, Any]) -> tuple[str, str, str]:
    area = f"{words.number(line['auc'])} ({words.interval(line['low'], line['high'])})"
    left = f" without {line['left_out']}" if line["left_out"] else ""
    new = words.interval(line["new_low"], line["new_high"])
    mark = CORRECTED if line["corrected"] else ""
    return area, f"{new} ({line['n_sites']} sites{mark}{left})", f"{line['i_squared']:.0%}"


def _notes(results: Results) -> tuple[str, ...]:
    return (
        f"Dots: AUC at a site with its {results.percent} interval, filled at the model's own "
        "sites. Diamond: mean over sites (random effects on the logit scale, DerSimonian and "
        "Laird; interval of Hartung and Knapp). Bar, new site: in which the true AUC of the next "
        f"site lies with {results.percent} confidence, if it is like these; that it is not known "
        "how much sites differ is allowed for. I²: share of the differences between sites that is "
        "more than chance.",
        f"Fewer than {new_site.FEWEST} sites say nothing of another one, and few say little: such "
        "a bar is honest, not faulty. Own sites are no new sites: read all sites together as an "
        "upper bound.",
        f"{CORRECTED} With a site whose AUC of 0 or 1 has no logit, or without a standard error: "
        "half a pair of patients counts as in the wrong order, and the error is that of the site's "
        "interval; new_site.csv names it.",
    )
