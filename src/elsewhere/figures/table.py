"""table: draws text in rows and columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from elsewhere.figures import style

LEADING = 0.165
PADDING = 0.14
PER_INCH = 14.6


@dataclass(frozen=True)
class Field:
    """A column of a table: heading, width in inches, and whether it holds numbers."""

    heading: str
    width: float
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of words under their fields.

    Attributes
    ----------
    rules
        Rows above which a rule is drawn.
    muted
        Rows written in grey.
    """

    fields: tuple[Field, ...]
    rows: tuple[tuple[str, ...], ...]
    rules: tuple[int, ...] = ()
    muted: tuple[int, ...] = ()

    @property
    def width(self) -> float:
        """Width in inches."""
        return sum(field.width for field in self.fields)

    @property
    def height(self) -> float:
        """Height in inches, headings included."""
        heading = self._lines([field.heading for field in self.fields])
        return _tall(heading) + sum(_tall(self._lines(row)) for row in self.rows) + 0.06

    def draw(self, page: style.Sheet, *, top: float = 0.0) -> None:
        """Write the table on a sheet, `top` inches below the top of its content."""
        canvas = page.canvas(self.width, top + self.height)
        headings = self._lines([field.heading for field in self.fields])
        y = self._row(page, headings, top, weight="bold")
        canvas.plot([0, self.width], [y, y], color=style.INK, linewidth=1.0)
        for number, row in enumerate(self.rows):
            if number in self.rules:
                canvas.plot([0, self.width], [y, y], color=style.HATCH, linewidth=0.6)
            colour = style.MUTED if number in self.muted else style.INK
            y = self._row(page, self._lines(row), y, color=colour)
        canvas.plot([0, self.width], [y, y], color=style.INK, linewidth=1.0)

    def _lines(self, row: Sequence[str]) -> list[list[str]]:
        return [
            [
                line
                for part in words.split("\n")
                for line in textwrap.wrap(part, _characters(field), break_on_hyphens=False)
            ]
            for words, field in zip(row, self.fields, strict=True)
        ]

    def _row(self, page: style.Sheet, cells: list[list[str]], top: float, **looks: str) -> float:
        left = 0.0
        for lines, field in zip(cells, self.fields, strict=True):
            x = left + field.width - PADDING if field.numeric else left
            for number, line in enumerate(lines):
                page.text(
                    x,
                    top + 0.05 + LEADING * (number + 0.72),
                    line,
                    ha="right" if field.numeric else "left",
                    va="baseline",
                    size=style.SMALL,
                    **looks,
                )
            left += field.width
        return top + _tall(cells)


def _characters(field: Field) -> int:
    return max(4, int((field.width - PADDING) * PER_INCH))


def _tall(cells: list[list[str]]) -> float:
    return LEADING * max(1, *(len(lines) for lines in cells)) + 0.1
