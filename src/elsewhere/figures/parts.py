"""parts: a table of patients and scans by site, class and part, above the published counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from elsewhere.figures import style
from elsewhere.figures.divided import PARTS, Divided, marks
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.paper import beside
from elsewhere.figures.results import Column
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows

NAME = "parts"
ALL = "all"
UNITS = {"patients": "patient_id", "scans": "scan_id"}
COLUMNS = (
    *("site", "title", "label", "class", "part", "quantity", "count"),
    *("published", "requirement", "source", "synthetic"),
)
SHOWN = tuple((part, unit) for part in (*PARTS, ALL) for unit in UNITS)
FIELDS = (
    Field("site", 1.3),
    Field("class", 1.7),
    Field("", 0.85),
    *(Field(f"{part}, {unit}", 1.02, numeric=True) for part, unit in SHOWN),
)

Rows = Sequence[Mapping[str, Any]]


class Parts(Figure):
    """Patients and scans of each class in each part of a site's split."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw the table, and write it as parts.csv."""
        rows = table(given.divided, given.settings.classes, known=given.paper_counts)
        return draw(given.divided, rows, folder)


def table(
    divided: Divided, classes: Sequence[str], *, known: Sequence[Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Return a row for each site, class, part and unit, ours beside the published (A-18 to A-25).

    Parameters
    ----------
    classes
        Names of the labels, from 0 on.
    known
        As from `paper.counts`; a quantity is a class and a unit: "COVID-19 positive scans".
    """
    listed = {(entry["site"], entry["part"], entry["quantity"]): entry for entry in known}
    rows = []
    for column in divided.columns:
        counted = _counts(divided, column, len(classes))
        for label, name in enumerate(classes):
            for part, unit in SHOWN:
                quantity = f"{name} {unit}"
                rows.append(
                    {
                        **marks(column),
                        "label": label,
                        "class": name,
                        "part": part,
                        "quantity": unit,
                        "count": counted.get((label, part, unit)),
                        **beside(listed.get((column.name, part, quantity))),
                    }
                )
    return rows


def draw(divided: Divided, rows: Rows, folder: Path) -> list[str]:
    """Draw parts.png and .svg, and write parts.csv.

    Parameters
    ----------
    rows
        As from `table`.

    Returns
    -------
    list of str
        Names of the figures drawn.
    """
    write_rows(rows, folder / f"{NAME}.csv", columns=COLUMNS)
    lines: list[tuple[str, ...]] = []
    rules, muted = [], []
    for column in divided.columns:
        if lines:
            rules.append(len(lines))
        of_site = [row for row in rows if row["site"] == column.name]
        heading = divided.heading(column)
        for name in dict.fromkeys(row["class"] for row in of_site):
            of_class = [row for row in of_site if row["class"] == name]
            lines.append((heading, name, "ours", *_written(of_class, "count")))
            if any(row["published"] for row in of_class):
                muted.append(len(lines))
                number = ", ".join(sorted({row["requirement"] for row in of_class} - {""}))
                lines.append(("", number, "published", *_written(of_class, "published")))
            heading = ""
    words = Table(FIELDS, tuple(lines), rules=tuple(rules), muted=tuple(muted))
    with style.look():
        page = style.sheet(
            "Training, validation and test: patients and scans of each class",
            width=words.width,
            height=words.height,
            notes=(*_notes(rows), *divided.notes_of_parts),
            synthetic=divided.synthetic,
        )
        words.draw(page)
        style.save(page.figure, folder, NAME)
    return [NAME]


def _counts(divided: Divided, column: Column, classes: int) -> dict[tuple[int, str, str], int]:
    """Return the counts of a site by label, part and unit; none if its data are not here."""
    by_part = divided.parts(column)
    if not by_part:
        return {}
    counts: dict[tuple[int, str, str], int] = {}
    for label in range(classes):
        of_label = {part: rows[rows["label"] == label] for part, rows in by_part.items()}
        for unit, key in UNITS.items():
            ids = {part: set(rows[key]) for part, rows in of_label.items()}
            counts |= {(label, part, unit): len(ids.get(part, ())) for part in PARTS}
            counts[label, ALL, unit] = len(set().union(*ids.values()))
    return counts


def _written(rows: Rows, name: str) -> tuple[str, ...]:
    numbers = {(row["part"], row["quantity"]): row[name] for row in rows}
    return tuple("–" if numbers[at] in (None, "") else f"{int(numbers[at]):,}" for at in SHOWN)


def _notes(rows: Rows) -> tuple[str, ...]:
    notes = [
        "A patient with scans of two classes counts in both. –: no data here, or not published."
    ]
    sources = dict.fromkeys(row["source"].split(";")[0] for row in rows if row["source"])
    if sources:
        notes.append(
            f"Grey: counts of the paper ({', '.join(sources)}) of its own data, which are not used "
            "in ours; another selection, and at a smaller scale fewer scans."
        )
    return tuple(notes)
