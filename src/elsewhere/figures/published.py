"""published: draws the paper's numbers beside ours, never mixed, and writes published.csv."""

from __future__ import annotations

from pathlib import Path

from elsewhere.figures import style
from elsewhere.figures.compared import COLUMNS, NO_ARM, SHOWN
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Results
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows

CSV_NAME = "published.csv"
FIELDS = (
    Field("quantity", 4.4),
    Field("number", 0.7),
    Field("published", 1.25, numeric=True),
    Field("ours", 3.9, numeric=True),
    Field("comment", 3.4),
)


class Published(Figure):
    """The paper's numbers beside those of this run."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw them, if the paper has numbers of this study."""
        if not given.beside:
            return []
        draw(next(iter(given.each.values())), given.beside, folder)
        return ["published"]


def draw(results: Results, rows: list[dict[str, str]], folder: Path) -> None:
    """Draw the rows that have an arm here as published.png and .svg; write all to published.csv."""
    write_rows(rows, folder / CSV_NAME, columns=COLUMNS)
    shown = [row for row in rows if row["comment"] != NO_ARM]
    left = len(rows) - len(shown)
    more = f" {left} published numbers of arms that are not run here stand in published.csv."
    words_table = Table(FIELDS, tuple(tuple(row[name] for name in SHOWN) for row in shown))
    with style.look():
        page = style.sheet(
            "Published numbers beside ours",
            width=words_table.width,
            height=words_table.height,
            notes=(
                f"Ours: in brackets the {results.percent} interval; MC: mean ± SD over Monte-Carlo "
                "dropout passes; grid: area at thresholds 0, 0.01 ... 1. All but AUC: calls "
                f"{results.calls}. Number: of the requirement." + (more if left else ""),
                *results.notes(),
            ),
            synthetic=results.synthetic,
        )
        words_table.draw(page)
        style.save(page.figure, folder, "published")
