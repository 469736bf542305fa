"""label_table: read label.csv, the table a user writes for a site, as spreadsheets save it."""

from __future__ import annotations

import csv
import io
import string
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from elsewhere.files import unescaped
from elsewhere.sites import table_size
from elsewhere.sites.layout import LayoutError

NAME = "label.csv"
_MOST_MB = 64  # a million rows
_SEPARATORS = (",", ";", "\t", "|")
_DECLARED = "sep="  # Excel's own first line
_PADDING = string.whitespace + "\0\u00a0\ufeff"  # what spreadsheets and exports leave around a text
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes
    ----------
    line
        Its line in the file, for messages.
    cells
        Column, see `column`, to text without outer blanks.
    """

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """Return the text of a cell, "" for a column that the table does not have."""
        return self.cells.get(name, "")


@dataclass(frozen=True)
class Table:
    """The rows of a table and the names of its columns, see `column`."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def require(self, *columns: str) -> None:
        """Refuse a table without these columns.

        Raises
        ------
        LayoutError
            Naming the columns that are missing; never what stands in the table: without a header
            line that is the first patient.
        """
        missing = [name for name in columns if name not in self.columns]
        if missing:
            raise LayoutError(
                f"{self.path}: none of its {len(self.columns)} columns is "
                f"{' or '.join(missing)}; its first line must name the columns"
            )


def read(path: Path) -> Table:
    """Read a table in UTF-8, UTF-16 or Windows-1252, separated by comma, semicolon, tab or bar.

    The names of columns count in any case; empty lines do not count; N/A counts as "".

    Raises
    ------
    LayoutError
        If the table is missing or absurdly large, names a column twice, or has a row of more cells
        than columns.
    """
    if not path.is_file():
        raise LayoutError(f"{path}: no such table; write one as the layout wants it")
    table_size.check(path, most_mb=_MOST_MB)
    lines = _decoded(path.read_bytes()).splitlines(keepends=True)
    first, separator = _header_line(lines)
    reader = csv.reader(io.StringIO("".join(lines[first:])), delimiter=separator)
    try:
        header = [column(name) for name in next(reader)]
        rows = [(reader.line_num + first, cells) for cells in reader if any(map(str.strip, cells))]
    except (csv.Error, StopIteration) as error:
        raise LayoutError(f"{path}: cannot be read as a table ({type(error).__name__})") from None
    _check_header(path, header)
    found = tuple(_row(path, header, line, cells) for line, cells in rows)
    return Table(path, tuple(header), found)


def column(written: str) -> str:
    """Return the name of a column as tables give it: `pleural_effusion` for "Pleural effusion"."""
    return "_".join(unicodedata.normalize("NFC", written).casefold().split())


def _decoded(content: bytes) -> str:
    marked = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None)
    try:
        text = content.decode(marked or "utf-8", "replace" if marked else "strict")
    except UnicodeDecodeError:
        # what spreadsheets of Western Europe write; the few bytes without meaning there are kept
        text = content.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _header_line(lines: Sequence[str]) -> tuple[int, str]:
    """Return the index of the line that names the columns, and what separates them."""
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines and lines[first].lower().startswith(_DECLARED):
        declared = lines[first].rstrip("\n")[len(_DECLARED) :]
        return first + 1, declared if declared in _SEPARATORS else ","
    header = lines[first] if lines else ""
    return first, max(_SEPARATORS, key=header.count)


def _check_header(path: Path, header: Sequence[str]) -> None:
    doubled = [name for name, count in Counter(header).items() if name and count > 1]
    if doubled:
        raise LayoutError(f"{path}: {len(doubled)} columns have a name that another has too")


def _row(path: Path, header: Sequence[str], line: int, cells: Sequence[str]) -> Row:
    filled = len(cells) - next((n for n, cell in enumerate(reversed(cells)) if cell.strip()), 0)
    if filled > len(header):
        raise LayoutError(
            f"{path}, line {line}: {filled} cells in a table of {len(header)} columns; "
            "put texts that hold the separator in quotes"
        )
    texts = (unicodedata.normalize("NFC", unescaped(cell.strip(_PADDING))) for cell in cells)
    known = ("" if text == "N/A" else text for text in texts)
    return Row(line, dict(zip(header, known, strict=False)))
