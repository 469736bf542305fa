"""worklist: read a hospital's list of studies and labels, and write the rows without a study."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elsewhere.archives.archive import Key, Query
from elsewhere.files import csv_lines, unescaped, whole

KEYS: tuple[Key, ...] = ("study", "accession", "patient")
LABELS = ("label", "category", "sex", "age", "sub_site")
DATES = "date"
KNOWN = (*KEYS, *LABELS, DATES)
# PS3.4 C.2.2.2: with these a value is a pattern or a list and would match other patients
_PATTERN = re.compile(r"[*?\\\x00-\x1f\x7f]")
_SHORTENED = re.compile(r"^\d([.,]\d+)?E\+?\d+$", re.IGNORECASE)
_UID = re.compile(r"^[0-9.]{1,64}$")
_DATES = re.compile(r"^(\d{8})?(-(\d{8})?)?$")


class WorklistError(ValueError):
    """The work list cannot be used; the message names the file, the line and the remedy."""


@dataclass(frozen=True)
class Row:
    """One row of a work list.

    Attributes
    ----------
    line
        Number of its last line in the file; logs and errors name it instead of identifiers.
    query
        The query for the archive.
    patient
        The row's patient, "" if it has none.
    fields
        Columns that are copied to label.csv.
    """

    line: int
    query: Query = field(repr=False)
    patient: str = field(repr=False)
    fields: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Missing:
    """A row without a complete study, with a reason code and a sentence that says what to do."""

    row: Row
    reason: str
    detail: str


def read(path: Path) -> list[Row]:
    """Return the rows of a work list: CSV in UTF-8, separated by commas, semicolons or tabs.

    The first of the columns `study`, `accession` and `patient` that a row fills is its key; `date`
    is a StudyDate or a range of them (20200301-20200630). Columns not in `KNOWN` are ignored.

    Raises
    ------
    WorklistError
        If a column is missing or a row cannot be used.
    """
    header, lines = _lines(path)
    if "label" not in header or not set(KEYS) & set(header):
        raise WorklistError(
            f"{path}: needs the column label and one of {', '.join(KEYS)}; it has {len(header)} "
            f"columns, of which these are known: "
            f"{', '.join(sorted(set(header) & set(KNOWN))) or 'none'}"
        )
    rows: dict[Query, Row] = {}
    for line, values in lines:
        row = _row(path, line, dict(zip(header, values, strict=False)))
        first = rows.setdefault(row.query, row)
        if first.fields["label"] != row.fields["label"]:
            raise WorklistError(
                f"{path}, line {line}: line {first.line} has the same query with another label"
            )
    if not rows:
        raise WorklistError(f"{path}: no row below the header; expected one row per study")
    return list(rows.values())


def beside(path: Path) -> Path:
    """Return the path of the list of rows without a complete study, next to the work list."""
    return path.with_name(f"{path.stem}.missing.csv")


def write_missing(rows: Sequence[Missing], path: Path) -> None:
    """Write the missing rows as a new work list; remove an old list if no row is missing."""
    if not rows:
        path.unlink(missing_ok=True)
        return
    lines: list[list[Any]] = [[*KNOWN, "line", "reason", "detail"]]
    for item in sorted(rows, key=lambda item: item.row.line):
        values = {**item.row.fields, item.row.query.key: item.row.query.value}
        values |= {DATES: item.row.query.dates}
        values |= {"patient": values.get("patient") or item.row.patient}
        known = [values.get(name, "") for name in KNOWN]
        lines.append([*known, item.row.line, item.reason, item.detail])
    with whole(path) as part:
        part.touch(mode=0o600)
        part.write_text(csv_lines(lines), encoding="utf-8", newline="")


def _lines(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    if not path.is_file():
        raise WorklistError(f"{path}: no such work list; `pulls.<site>.worklist` names it")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise WorklistError(f"{path}: is not UTF-8; save it as `CSV UTF-8`") from None
    header_line = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header_line.count))
    header = [name.strip().lower() for name in next(reader, [])]
    if len(set(header)) < len(header):
        raise WorklistError(f"{path}: two columns have the same name")
    rows = [(reader.line_num, [unescaped(value.strip()) for value in row]) for row in reader]
    return header, [(line, values) for line, values in rows if any(values)]


def _row(path: Path, line: int, values: dict[str, str]) -> Row:
    place = f"{path}, line {line}"
    key = next((name for name in KEYS if values.get(name)), None)
    if key is None:
        raise WorklistError(f"{place}: none of the columns {', '.join(KEYS)} is filled")
    if values.get("label") not in ("0", "1"):
        raise WorklistError(f"{place}: label is not 0 or 1")
    value, dates = values[key], values.get(DATES, "")
    if _PATTERN.search(value):
        raise WorklistError(
            f"{place}: {key} holds *, ? or a backslash, which would match other patients' studies"
        )
    if _SHORTENED.match(value):
        raise WorklistError(
            f"{place}: {key} was shortened by a spreadsheet (such as 1.2E+10); "
            "export the column as text"
        )
    if key == "study" and not _UID.match(value):
        raise WorklistError(f"{place}: study is no UID: digits and dots, 64 at most")
    if not _DATES.match(dates):
        raise WorklistError(f"{place}: date is not YYYYMMDD or YYYYMMDD-YYYYMMDD")
    fields = {name: values[name] for name in LABELS if values.get(name)}
    return Row(line, Query(key, value, dates), values.get("patient", ""), fields)
