"""patients: a table of the patients of each site by sex, age, class and severity (C-03)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from elsewhere.figures import style
from elsewhere.figures.divided import Divided
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows

NAME = "patients"
COLUMNS = ("group", "name", "below", "site", "count", "published", "requirement", "synthetic")
STEP, OLDEST = 20, 80  # C-03: years
SEX, AGE, CLASS, ALL = "sex", "age", "class", "all"
SEXES = {"M": "male", "F": "female", "unknown": "sex unknown"}
COUNTED = {"scans": "scan_id", "patients": "patient_id"}


class Line(NamedTuple):
    """A line of the table: its group and name, and of a severity the class it stands below."""

    group: str
    name: str
    below: str = ""


class Patients(Figure):
    """Patients of each site by sex, age, class and severity."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw the table, and write it as patients.csv."""
        return draw(given.divided, folder, known=given.paper_counts)


def draw(divided: Divided, folder: Path, *, known: Sequence[Mapping[str, str]]) -> list[str]:
    """Draw patients.png and .svg, and write patients.csv.

    Parameters
    ----------
    divided
        Scans of every site; those that are in a part count.
    folder
        Where the files go.
    known
        As from `paper.counts`.

    Returns
    -------
    list of str
        Names of the figures drawn.
    """
    by_site = {column.name: _counted(divided, column.row) for column in divided.columns}
    lines = list(dict.fromkeys(line for counts in by_site.values() for line in counts))
    lines.sort(key=lambda line: _order(divided, line))
    paper = {(row["site"], row["quantity"]): row for row in known if row["part"] == ALL}
    write_rows(_rows(divided, by_site, lines, paper), folder / f"{NAME}.csv", columns=COLUMNS)
    stated = {line: paper[ALL, line.name] for line in lines if (ALL, line.name) in paper}
    table = _table(divided, by_site, lines, stated)
    with style.look():
        page = style.sheet(
            "Patients of each site",
            width=table.width,
            height=table.height,
            notes=(*_notes(stated.values()), *divided.notes),
            synthetic=divided.synthetic,
        )
        table.draw(page)
        style.save(page.figure, folder, NAME)
    return [NAME]


def _counted(divided: Divided, row: str) -> dict[Line, int]:
    """Return the counts of a site: scans, and patients by sex, age, class and severity."""
    split = divided.splits[row].drop_duplicates("scan_id")
    scans = divided.manifests[row].merge(split[["scan_id", *divided.labels]], on="scan_id")
    counts = {Line("", name): int(scans[key].nunique()) for name, key in COUNTED.items()}
    once = scans.sort_values(["age", "scan_id"]).drop_duplicates("patient_id")
    for sex, number in once["sex"].value_counts().items():
        counts[Line(SEX, SEXES[str(sex)])] = int(number)
    for age, number in once["age"].map(_age).value_counts().items():
        counts[Line(AGE, str(age))] = int(number)
    for label, title in divided.labels.items():
        of_class = scans[scans[label] == 1]
        counts[Line(CLASS, title)] = int(of_class["patient_id"].nunique())
        grades = of_class.groupby("category")["patient_id"].nunique()
        for category, number in grades.items() if len(grades) > 1 or title not in grades else ():
            counts[Line(CLASS, str(category), title)] = int(number)
    return counts


def _age(age: float) -> str:
    """Return the band of an age, such as 20 to 40 years."""
    if np.isnan(age):
        return "age unknown"
    start = int(age // STEP * STEP)
    return f"{OLDEST} years and more" if start >= OLDEST else f"{start} to {start + STEP} years"


def _order(divided: Divided, line: Line) -> tuple[Any, ...]:
    """Return the place of a line: scans, sex, age and classes, severities below their class."""
    titles = [*divided.labels.values()]
    groups = ["", SEX, AGE, CLASS]
    names = {"": [*COUNTED], SEX: [*SEXES.values()], CLASS: titles}.get(line.group, [])
    first = line.below or line.name
    at = names.index(first) if first in names else len(names)
    return groups.index(line.group), at, bool(line.below), line.name


def _rows(
    divided: Divided,
    by_site: Mapping[str, Mapping[Line, int]],
    lines: Sequence[Line],
    paper: Mapping[tuple[str, str], Mapping[str, str]],
) -> list[dict[str, Any]]:
    synthetic = {column.name: column.synthetic for column in divided.columns}
    synthetic[ALL] = divided.synthetic
    rows = []
    for line in lines:
        of_sites = {site: counts.get(line, 0) for site, counts in by_site.items()}
        for site, count in (of_sites | {ALL: sum(of_sites.values())}).items():
            entry = paper.get((site, line.name), {})
            rows.append(
                {
                    "group": line.group,
                    "name": line.name,
                    "below": line.below,
                    "site": site,
                    "count": count,
                    "published": entry.get("value", ""),
                    "requirement": entry.get("requirement", ""),
                    "synthetic": "yes" if synthetic[site] else "no",
                }
            )
    return rows


def _table(
    divided: Divided,
    by_site: Mapping[str, Mapping[Line, int]],
    lines: Sequence[Line],
    stated: Mapping[Line, Mapping[str, str]],
) -> Table:
    """Return the lines in words, the published numbers at the right if there are any."""
    titles = [*(divided.heading(column) for column in divided.columns), "All sites"]
    fields = [Field("", 2.3), *(Field(title, 1.25, numeric=True) for title in titles)]
    rows = []
    for line in lines:
        counts = [by_site[column.name].get(line, 0) for column in divided.columns]
        # a table strips blanks at the left: a dash keeps a severity below its class
        words = [f"– {line.name}" if line.below else line.name]
        words += [f"{count:,}" for count in (*counts, sum(counts))]
        if stated:
            words.append(f"{int(stated[line]['value']):,}" if line in stated else "")
        rows.append(tuple(words))
    if stated:
        fields.append(Field("Published", 1.0, numeric=True))
    groups = [line.group for line in lines]
    begins = [number for number in range(1, len(lines)) if groups[number] != groups[number - 1]]
    return Table(tuple(fields), tuple(rows), rules=tuple(begins))


def _notes(stated: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    notes = (
        "Patients whose scans are in the split, each once, at the youngest age known; a patient "
        "with scans of two classes counts in both. A band of ages holds its lower end. –: severity "
        "or other category of the class above.",
    )
    sources = "; ".join(dict.fromkeys(row["source"] for row in stated))
    return (*notes, f"Published are counts of the paper: {sources}.") if sources else notes
