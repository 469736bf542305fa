"""comparisons: tests of arms against each other, as a figure and as comparisons.csv."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from elsewhere.design.comparisons import Over
from elsewhere.design.metric_rows import metric_row
from elsewhere.figures import paper, style, words
from elsewhere.figures.arm_pairs import Rows, beside
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row
from elsewhere.files import write_rows
from elsewhere.scores import arms
from elsewhere.scores.arms import CORRECTED, DELONG, PAIRED

NAME = "comparisons"
CSV_NAME = f"{NAME}.csv"
COLUMNS = (*arms.COLUMNS, "published_p", "requirement", "label", "label_against", "synthetic")
HEADINGS = {
    PAIRED: "p, paired t as published",
    CORRECTED: "p, corrected t over folds",
    DELONG: "p, DeLong",
}
FAMILIES = {"study": "its audit included", "question": "the audit apart"}
NONE, WORSE = "none", "–"
LABELS, PLOT, GAP = 2.05, 2.6, 0.16
NUMBER, PUBLISHED = 0.54, 0.85
TITLE, HEAD, GROUP, LINE, FOOT = 0.32, 0.42, 0.3, 0.4, 0.55
MARKS = {CORRECTED: (style.ORANGE, -0.16, "s"), DELONG: (style.BLUE, 0.16, "o")}
TITLE_WORDS = "Is one arm better than another? Differences of AUC, and p of every test"
MEANINGS = {
    CORRECTED: "mean over folds, corrected resampled t",
    DELONG: "means of single models, DeLong",
}

Tests = Mapping[tuple[str, str], Mapping[str, Any]]  # by test and measure: one arm against another


class ComparisonTable(Figure):
    """Whether an arm is better than others, test by test."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Test every pair and draw the table, of more than two classes one for each."""
        published = [] if given.exclusive else paper.tests(given.settings.published)
        found = given.tests.compared
        return [
            draw(results, beside(found[name], published), folder, over=given.settings.family)
            for name, results in given.each.items()
        ]


def draw(results: Results, rows: Rows, folder: Path, *, over: Over = "study") -> str:
    """Draw comparisons.png and .svg, and write comparisons.csv (C-33, D-41, D-42).

    A block per site holds a block per arm, with a line for each arm that it is compared with. Of
    more than two classes, the results of one against the rest give comparisons_<class>.

    Parameters
    ----------
    rows
        As from `arm_pairs.beside`.
    over
        What the family of DeLong's test is of.
    """
    name = results.file(NAME)
    write_rows(_marked(results, rows), folder / f"{name}.csv", columns=COLUMNS)
    by_site = {
        column: [row for row in rows if row["site"] == column.name] for column in results.columns
    }
    shown = {column: _by_arm(site_rows) for column, site_rows in by_site.items() if site_rows}
    height = sum(TITLE + HEAD + FOOT + sum(map(_tall, arms.values())) for arms in shown.values())
    with style.look():
        page = style.sheet(
            results.titled(TITLE_WORDS if rows else "No arms can be compared at any site"),
            width=_places(results)[-1][0] + 0.2,
            height=max(0.1, height - FOOT + 0.45),
            notes=(*_notes(results, rows, over), *results.notes()),
            synthetic=results.synthetic,
        )
        top = 0.0
        for number, (column, of_site) in enumerate(shown.items()):
            top += TITLE
            _headings(page, results, column, top)
            if number == 0:
                _key(page.box(LABELS, top, (PLOT, HEAD)))
            top = _site(page, results, of_site, (top + HEAD, _reach(rows))) + FOOT
        style.save(page.figure, folder, name)
    return name


def _marked(results: Results, rows: Rows) -> Iterator[dict[str, Any]]:
    by_name = {row.name: row for row in results.rows}
    sites = {column.name: column for column in results.columns}
    for row in rows:
        marks = results.marks(by_name[row["arm"]], sites[row["site"]])
        yield {**row, **marks, "label_against": by_name[row["against"]].label}


def _by_arm(rows: Rows) -> Mapping[str, Mapping[str, Tests]]:
    """Return the rows of a site by arm and by the arm compared with, then by test and measure."""
    by_arm: dict[str, dict[str, dict[tuple[str, str], Mapping[str, Any]]]] = {}
    for row in rows:
        of_arm = by_arm.setdefault(row["arm"], {})
        of_arm.setdefault(row["against"], {})[row["test"], row["measure"]] = row
    return by_arm


def _tall(against: Mapping[str, Tests]) -> float:
    return GROUP + LINE * len(against)


def _site(
    page: style.Sheet,
    results: Results,
    of_site: Mapping[str, Mapping[str, Tests]],
    at: tuple[float, float],
) -> float:
    """Draw the blocks of a site, their top and the reach of their axes in `at`; return the end."""
    rows = {row.name: row for row in results.rows}
    top, reach = at
    last = [*of_site][-1]
    for arm, against in of_site.items():
        asked = f"Is {rows[arm].label} better?"
        page.text(0, top + GROUP - 0.09, asked, weight="bold", va="baseline")
        axes = page.box(LABELS, top + GROUP, (PLOT, LINE * len(against)))
        _dots(axes, against, reach, last=arm == last)
        for line, (name, tests) in enumerate(against.items()):
            y = top + GROUP + LINE * (line + 0.5)
            _numbers(page, results, rows[name], tests, y)
        top += _tall(against)
    return top


def _notes(results: Results, rows: Rows, over: Over) -> tuple[str, ...]:
    sizes = {row["test"]: row["family"] for row in rows} or {DELONG: 0, CORRECTED: 0}
    starred = " (* by image)" if results.starred else ""
    level = f"{1 - results.named.confidence:.2g}"
    return (
        f"Right of 0: better than the arm of the line. Bars: {results.percent} intervals, not "
        f"adjusted. p: red with {WORSE}: worse than the arm of the line. Bold: p below {level} "
        f"after Holm's adjustment. DeLong is confirmatory: over {sizes[DELONG]} tests of this "
        f"study, {FAMILIES[over]}. The corrected t is exploratory: over its own "
        f"{sizes[CORRECTED]} tests. {NONE}: no valid test; comparisons.csv says why.",
        "Over folds: the seeds of a fold are averaged, because they share its scans; training "
        "parts overlap, which the corrected t allows for (Nadeau & Bengio 2003). The paired t, as "
        "published (grey), takes fold and seed of both arms as independent pairs: its p is too "
        f"small, never adjusted and never bold. All measures but AUC: calls {results.calls}.",
        f"DeLong: the same scans. {results.pooling}It is clustered by patient{starred}; it takes "
        "the trained models as given. Compared: arms at sites that both arms were trained on, or "
        "neither.",
    )


def _places(results: Results) -> list[tuple[float, str, str]]:
    """Return the right edge, test and measure of each column of numbers."""
    left, places = LABELS + PLOT + GAP + PUBLISHED, []
    for test in (PAIRED, CORRECTED):
        left += GAP
        for measure in results.compared:
            left += NUMBER
            places.append((left, test, measure))
    return [*places, (left + GAP + 1.3 * NUMBER, DELONG, "auc")]


def _headings(page: style.Sheet, results: Results, column: Column, top: float) -> None:
    measures, title = [*results.compared], results.heading(column)
    page.text(0, top - 0.14, title, weight="bold", size=10.5, va="bottom")
    small: Any = {"va": "bottom", "size": style.SMALL, "color": style.MUTED}
    edge = LABELS + PLOT + GAP + PUBLISHED
    page.text(edge, top + HEAD - 0.06, "p, published", ha="right", **small)
    for right, test, measure in _places(results):
        short = metric_row(measure).short or metric_row(measure).title
        page.text(right, top + HEAD - 0.06, short, ha="right", **small)
        if test == DELONG:
            page.text(right, top + HEAD - 0.24, HEADINGS[test], ha="right", **small)
        elif measure == measures[0]:
            middle = right + NUMBER * (len(measures) / 2 - 1)
            page.text(middle, top + HEAD - 0.24, HEADINGS[test], ha="center", **small)


def _reach(rows: Rows) -> float:
    """Return how far from 0 the axes reach: to the end of the widest interval shown."""
    ends = [
        abs(row[end])
        for row in rows
        if row["measure"] == "auc" and row["test"] in MARKS
        for end in ("low", "difference", "high")
        if row[end] is not None
    ]
    return 1.08 * max(ends, default=0.0) or 0.1


def _dots(axes: Axes, against: Mapping[str, Tests], reach: float, *, last: bool) -> None:
    axes.axvline(0, color=style.HATCH, linewidth=0.8, linestyle=(0, (3, 3)))
    for line, tests in enumerate(against.values()):
        rows = [tests[test, "auc"] for test in MARKS]
        if all(row["difference"] is None for row in rows):
            why = textwrap.shorten(f"{rows[0]['status']}: {rows[0]['reason']}", 44)
            axes.text(-0.97 * reach, line, why, va="center", size=style.SMALL, color=style.MUTED)
            continue
        for row, (colour, offset, mark) in zip(rows, MARKS.values(), strict=True):
            if row["low"] is not None:
                axes.plot([row["low"], row["high"]], [line + offset] * 2, color=colour, lw=1.4)
            if row["difference"] is not None:
                axes.plot(row["difference"], line + offset, mark, color=colour, ms=4.5)
    axes.set(xlim=(-reach, reach), ylim=(len(against) - 0.5, -0.5))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(last)
    axes.tick_params(length=2 if last else 0, pad=2, labelbottom=last)
    if last:
        axes.set_xlabel("difference of AUC", size=style.SMALL, labelpad=2)


def _key(axes: Axes) -> None:
    style.bare(axes)
    for test, (colour, _, mark) in MARKS.items():
        axes.plot([], [], f"{mark}-", color=colour, ms=4.5, lw=1.4, label=MEANINGS[test])
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.03, 0.0), frameon=False, fontsize=7.5,
        handlelength=1.6, handletextpad=0.5, borderaxespad=0.1, labelspacing=0.2,
    )  # fmt: skip


def _numbers(
    page: style.Sheet,
    results: Results,
    row: Row,
    tests: Tests,
    y: float,
) -> None:
    level = 1 - results.named.confidence
    lines = textwrap.wrap(f"than {row.label}", 30, break_on_hyphens=False)
    page.text(LABELS - 0.1, y, "\n".join(lines), ha="right", va="center", size=style.BODY)
    published = tests[PAIRED, "auc"]["published_p"] or "–"
    edge = LABELS + PLOT + GAP + PUBLISHED
    page.text(edge, y, published, ha="right", va="center", size=style.SMALL)
    for right, test, measure in _places(results):
        numbers = tests[test, measure]
        small = numbers["p_holm"] is not None and numbers["p_holm"] < level
        worse = numbers["p"] is not None and numbers["difference"] < 0
        page.text(
            right,
            y,
            NONE
            if numbers["p"] is None
            else f"{WORSE if worse else ''}{words.p_value(numbers['p'])}",
            ha="right",
            va="center",
            size=style.SMALL,
            color=style.RED if worse else style.MUTED if test == PAIRED else style.INK,
            weight="bold" if small else "normal",
        )
