"""table_1: AUC of every arm and finding on own and unseen sites, beside the published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.finding_table import Rows, ours
from elsewhere.figures.given import Given
from elsewhere.figures.places import ByFinding
from elsewhere.figures.results import Row
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows

NAME = "table_1"
CSV_NAME = f"{NAME}.csv"
COLUMNS = (
    *("network", "arm", "label", "site", "tested_on", "kind", "finding", "title", "synthetic"),
    *("n_patients", "n_scans", "n_positive", "auc", "auc_low", "auc_high", "status", "reason"),
    *("published", "requirement", "source"),
)
LABEL, TESTED, WHOSE, NUMBER = 3.05, 2.5, 0.8, 1.5
GAP = 0.28


class Table1(Figure):
    """AUC of every finding, internal and elsewhere."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw it, the published numbers below ours."""
        return draw(given.places, given.finding_rows, folder)


def draw(study: ByFinding, rows: Rows, folder: Path) -> list[str]:
    """Draw table_1.png and .svg, a block per network, and write table_1.csv.

    Parameters
    ----------
    rows
        As from `finding_table.table`.

    Returns
    -------
    list of str
        Names of the figures drawn.
    """
    write_rows(rows, folder / CSV_NAME, columns=COLUMNS)
    blocks = [_block(study, name, group, rows) for name, group in study.networks().items()]
    with style.look():
        page = style.sheet(
            "AUC of every finding, where models were trained and elsewhere",
            width=blocks[0].width,
            height=sum(block.height for block in blocks) + GAP * (len(blocks) - 1),
            notes=(*_notes(study, rows), *study.any.notes()),
            synthetic=study.any.synthetic,
        )
        top = 0.0
        for block in blocks:
            block.draw(page, top=top)
            top += block.height + GAP
        style.save(page.figure, folder, NAME)
    return [NAME]


def _block(study: ByFinding, network: str, group: Sequence[Row], rows: Rows) -> Table:
    fields = (
        Field(network, LABEL),
        Field("tested on", TESTED),
        Field("", WHOSE),
        *(Field(title, NUMBER, numeric=True) for title in study.titles.values()),
    )
    lines: list[tuple[str, ...]] = []
    rules, pale = [], []
    for row in group:
        rules.append(len(lines))
        label = row.label
        for place in study.places(row):
            numbers = [
                entry for entry in rows if (entry["arm"], entry["site"]) == (row.name, place.site)
            ]
            tested = f"{place.title}, {place.kind}"
            lines.append((label, tested, "ours", *map(ours, numbers)))
            if any(entry["published"] for entry in numbers):
                pale.append(len(lines))
                shown = (entry["published"] or "–" for entry in numbers)
                lines.append(("", "", "published", *shown))
            label = ""
    return Table(fields, tuple(lines), tuple(rules[1:]), muted=tuple(pale))


def _notes(study: ByFinding, rows: Rows) -> tuple[str, ...]:
    notes = [
        "Internal: the test scans of all sites that the model was trained on, together; unseen: a "
        f"site that it never saw. Ours: AUC with its {study.any.percent} interval "
        f"({words.OF_AREA}). {study.any.pooling}0.5 = chance, 1 = perfect."
    ]
    sources = dict.fromkeys(row["source"] for row in rows if row["published"])
    if sources:
        listed = "; ".join(sources)
        notes.append(f"Grey: published numbers, which are not used in ours. {listed}.")
    return tuple(notes)
