"""why_fell: draws what every arm loses at each site that it never saw, as parts that sum to it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.colors import Colormap, TwoSlopeNorm
from matplotlib.patches import Rectangle

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row
from elsewhere.files import write_rows
from elsewhere.scores import acquisition, operating, why_fell
from elsewhere.scores.attribution import PARTS
from elsewhere.scores.operating import Place
from elsewhere.scores.why_fell import ACCURACY, AUC, BALANCED, Cell

NAME = "why_fell"
MARKS = ("label", "synthetic")
TITLES = {AUC: "AUC", BALANCED: "balanced accuracy", ACCURACY: "accuracy"}
HEADINGS = ("prevalence", "case mix", "ranking left", "threshold", "calibration")
NAMES, MEASURE, NUMBER, FALL, PART, WORDS = 2.5, 1.2, 0.55, 1.6, 0.92, 4.6
LINE, HEAD, GAP, LEADING, TINY = 0.37, 0.32, 0.16, 0.15, 6.5
WIDTH = NAMES + MEASURE + 2 * NUMBER + FALL + len(PARTS) * PART + 0.15 + WORDS
CHARACTERS, SHOWN = 84, 4  # in a line of words; subgroups in which a score is reversed
LARGEST = 0.4  # a part of this size has the full colour

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Told:
    """What the figure shows of one finding: rows of the three CSVs, in the order of the cells."""

    parts: Rows
    fields: Rows
    signs: Rows

    def of(self, arm: str, site: str) -> tuple[dict[str, Mapping[str, Any]], Rows, Rows]:
        """Return the rows of one cell: by measure, by field, and of its sign."""
        same = [
            [row for row in rows if (row["arm"], row["site"]) == (arm, site)]
            for rows in (self.parts, self.fields, self.signs)
        ]
        return {row["measure"]: row for row in same[0]}, same[1], same[2]


class WhyFell(Figure):
    """What every arm loses at each site that it never saw, split into parts that sum to it."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a figure for each finding or class; none where every arm knows every site."""
        drawn = {finding: each for finding, each in given.each.items() if [*_pairs(each)]}
        for finding, results in drawn.items():
            draw(results, told(given, results, finding), folder)
        return [results.file(NAME) for results in drawn.values()]


def told(given: Given, results: Results, finding: str) -> Told:
    """Return what is known of every cell of a finding, and of those without a number why.

    Parameters
    ----------
    finding
        Name of the finding or class; empty where scans have one of two labels.
    """
    scoring = given.settings.scoring
    cells, absent = [], []
    for row in results.rows:
        places = {
            column.name: place(given, results, (row, column), finding)
            for column in results.columns
            if results.cell(row, column)["pooled"]["auc"] is not None
        }
        home = {name: one for name, one in places.items() if name in row.sites}
        for column in _never_seen(results, row):
            if home and column.name in places:
                cells.append(_cell(given, results, (row, column), (home, places[column.name])))
            else:
                absent += _absent(results, row, column, bool(home))
    parts = [line for cell in cells for line in why_fell.rows(cell, scoring=scoring)]
    return Told(
        parts=_marked(results, [*parts, *absent]),
        fields=_marked(results, why_fell.fields(cells, seed=scoring.seed)),
        signs=_marked(results, [why_fell.sign(cell) for cell in cells]),
    )


def place(given: Given, results: Results, at: tuple[Row, Column], finding: str) -> Place:
    """Return an arm at a site."""
    row, column = at
    predicted = given.predicted(f"{row.name}/{column.row}", finding=finding)
    return operating.place(predicted, results.cell(row, column), scoring=given.settings.scoring)


def draw(results: Results, shown: Told, folder: Path) -> None:
    """Draw why_fell.png and .svg, and write why_fell.csv and those of fields and of signs."""
    name = results.file(NAME)
    for suffix, rows, columns in (
        ("", shown.parts, why_fell.COLUMNS),
        ("_fields", shown.fields, why_fell.FIELD_COLUMNS),
        ("_signs", shown.signs, why_fell.SIGN_COLUMNS),
    ):
        if rows:  # without a cell that has an AUC, the first says why
            write_rows(rows, folder / f"{name}{suffix}.csv", columns=(*MARKS, *columns))
    blocks = [(row, c, *_block(shown, row, c)) for row, c in _pairs(results)]
    height = HEAD + sum(_height(lines, said) + GAP for _, _, lines, said in blocks)
    with style.look():
        page = style.sheet(
            results.titled("Why a model loses elsewhere: its own sites minus the site"),
            width=WIDTH,
            height=height,
            notes=(*_notes(results), *results.notes()),
            synthetic=results.synthetic,
        )
        canvas = page.canvas(WIDTH, height)
        _headings(page)
        top = HEAD
        for row, column, lines, said in blocks:
            canvas.plot([0, WIDTH], [top, top], color=style.HATCH, linewidth=0.6)
            for turn, (text, weight) in enumerate(_names(results, row, column)):
                y = top + 0.14 + 0.17 * turn
                page.text(0, y, text, va="center", weight=weight, size=style.SMALL)
            for number, line in enumerate(lines):
                _line(page, canvas, line, top + LINE * number)
            for number, sentence in enumerate(said):
                y = top + 0.14 + LEADING * number
                page.text(WIDTH - WORDS, y, sentence, va="center", size=7.5)
            top += _height(lines, said) + GAP
        style.save(page.figure, folder, name)


def _pairs(results: Results) -> Iterator[tuple[Row, Column]]:
    for row in results.rows:
        for column in _never_seen(results, row):
            yield row, column


def _never_seen(results: Results, row: Row) -> list[Column]:
    return [column for column in results.columns if not results.own(row, column)]


def _cell(
    given: Given,
    results: Results,
    at: tuple[Row, Column],
    places: tuple[Mapping[str, Place], Place],
) -> Cell:
    row, column = at
    home, there = places
    manifest = given.manifests[column.row].set_index("scan_id").reindex(there.scans.index)
    others = [
        results.cell(other, column)["pooled"]["auc"]
        for other in results.rows
        if other != row and not results.own(other, column)
    ]
    known = tuple(area for area in others if area is not None)
    return Cell((row.name, column.name), home, there, acquisition.fields(manifest), known)


def _absent(results: Results, row: Row, column: Column, home: bool) -> list[dict[str, Any]]:
    cell = results.cell(row, column)
    verdict = words.verdict(cell)
    why = words.reason(cell) if verdict != "ok" else "no own site of the model has an AUC"
    status = verdict if verdict == words.NOT_RUN else words.UNDEFINED
    about = {"arm": row.name, "site": column.name, "home": "+".join(row.sites) if home else ""}
    return [about | {"measure": measure, "status": status, "reason": why} for measure in TITLES]


def _marked(results: Results, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    arms = {row.name: row for row in results.rows}
    columns = {column.name: column for column in results.columns}
    return [{**results.marks(arms[row["arm"]], columns[row["site"]]), **row} for row in rows]


def _block(shown: Told, row: Row, column: Column) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Return the lines of a cell, and its words in lines that fit."""
    by_measure, fields, signs = shown.of(row.name, column.name)
    lines = [by_measure[name] for name in TITLES if by_measure[name]["status"] == "ok"]
    if not lines:
        return [], textwrap.wrap(str(by_measure[AUC]["reason"]), CHARACTERS)
    said = [*_most(lines), why_fell.errors_with(fields)]
    said += [f"Not split: {line['reason']}." for line in lines[:1] if line["reason"]]
    said += [_reversed(entry) for entry in signs if entry["advice"]]
    return lines, [part for text in said for part in textwrap.wrap(text, CHARACTERS)]


def _most(lines: Rows) -> Iterator[str]:
    """Yield what costs most, measures with the same answer together, and whether it is sure."""
    unsure = [TITLES[line["measure"]] for line in lines if not (line["fall_low"] or 0) > 0]
    if unsure:
        yield f"Not shown beyond chance: a loss of {', '.join(unsure)}."
    answers: dict[str, list[str]] = {}
    for line in lines:
        most = why_fell.largest(line)
        if most is not None:
            shown = f"{TITLES[line['measure']]} {_signed(most[1])} of {_signed(line['fall'])}"
            answers.setdefault(most[0], []).append(shown)
    for part, measures in answers.items():
        yield f"Mostly {why_fell.WORDS[part]}: {', '.join(measures)}."


def _reversed(entry: Mapping[str, Any]) -> str:
    if entry["below_chance"] != "yes":
        return "AUC below 0.5, but within chance."
    several = entry["reversed_in"].split("; ") if entry["reversed_in"] else []
    more = f" and {len(several) - SHOWN} more" if len(several) > SHOWN else ""
    where = f" Reversed in: {'; '.join(several[:SHOWN])}{more}." if several else ""
    return f"BELOW CHANCE. {entry['advice']}{where}"


def _names(results: Results, row: Row, column: Column) -> tuple[tuple[str, str], ...]:
    return (row.short(34), "bold"), (f"at {results.heading(column)}", "normal")


def _height(lines: Sequence[Any], said: Sequence[str]) -> float:
    return max(LINE * len(lines), LEADING * len(said) + 0.1, 0.28)


def _headings(page: style.Sheet) -> None:
    lefts = [NAMES, NAMES + MEASURE, NAMES + MEASURE + NUMBER, NAMES + MEASURE + 2 * NUMBER]
    for left, heading in zip(lefts, ("", "own", "here", "loss"), strict=True):
        page.text(left, HEAD / 2, heading, va="center", weight="bold", size=style.SMALL)
    start = lefts[-1] + FALL
    for number, heading in enumerate(HEADINGS):
        x = start + PART * (number + 0.5)
        page.text(x, HEAD / 2, heading, ha="center", va="center", weight="bold", size=style.SMALL)
    page.text(WIDTH - WORDS, HEAD / 2, "in words", va="center", weight="bold", size=style.SMALL)


def _line(page: style.Sheet, canvas: Any, line: Mapping[str, Any], top: float) -> None:
    middle, x = top + LINE / 2, NAMES
    page.text(x, middle, TITLES[line["measure"]], va="center", size=style.SMALL)
    for name in ("at_home", "elsewhere"):
        x += MEASURE if name == "at_home" else NUMBER
        page.text(x, middle, words.number(line[name]), va="center", size=style.SMALL)
    x += NUMBER
    low, high = line["fall_low"], line["fall_high"]
    limits = "" if low is None else f" ({_signed(low)} to {_signed(high)})"
    said = f"{_signed(line['fall'])}{limits}"
    page.text(x, middle, said, va="center", size=style.SMALL, weight="bold")
    x += FALL
    for name in PARTS:
        _part(page, canvas, (x, top), [line[f"{name}{end}"] for end in why_fell.ENDS])
        x += PART


def _part(
    page: style.Sheet, canvas: Any, at: tuple[float, float], number: Sequence[float | None]
) -> None:
    value, low, high = number
    x, top = at
    middle = x + PART / 2
    if value is None:
        page.text(middle, top + LINE / 2, "–", ha="center", va="center", color=style.MUTED)
        return
    shade = _colours()(TwoSlopeNorm(0, -LARGEST, LARGEST)(min(LARGEST, max(-LARGEST, value))))
    canvas.add_patch(
        Rectangle((x + 0.02, top + 0.02), PART - 0.04, LINE - 0.04, facecolor=shade, lw=0)
    )
    limits = "" if low is None or high is None else f"{_signed(low)} to {_signed(high)}"
    at_y = top + (0.13 if limits else LINE / 2)
    page.text(middle, at_y, _signed(value), ha="center", va="center", size=style.SMALL)
    page.text(middle, top + 0.27, limits, ha="center", va="center", size=TINY)


def _colours() -> Colormap:
    """Return the colours of a loss: blue where it is a gain, white at 0, orange where it costs."""
    return style.auc_colours().reversed()


def _signed(value: float) -> str:
    return "0" if abs(value) < 0.005 else f"{value:+.2f}".replace("-", "−")


def _notes(results: Results) -> tuple[str, ...]:
    return (
        f"Own: mean over the model's own sites with an AUC; loss: own minus here, with its "
        f"{results.percent} interval. The parts of a line sum to its loss; orange costs, blue "
        "gains; small: intervals from resampled test patients. Prevalence: another share of "
        "positives. Case mix: patients who are easier or harder to tell apart, as the model's "
        "recalibrated probabilities expect. Ranking left: what is then still lost in the order of "
        "patients, or at a threshold chosen on this site's validation scans. Threshold: what the "
        "model's own threshold costs beside that one, on probabilities recalibrated here. "
        "Calibration: what it costs that they are not. –: it cannot be told apart.",
        "Thresholds and recalibrations come from validation scans, often few: parts of cells with "
        "few patients are uncertain beyond their intervals. Errors: permutation of patients within "
        "class, exploratory: adjusted by Holm over all fields and cells of the table alone.",
    )
