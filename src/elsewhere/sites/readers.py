"""readers: read readers.csv, in which readers wrote which class each scan has (C-30)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from elsewhere.sites import label_table
from elsewhere.sites.label_table import Row, Table
from elsewhere.sites.layout import LayoutError
from elsewhere.sites.reading import Reading

NAME = "readers.csv"
COLUMNS = ("scan_id", "reader", "years", "called")


def read(path: Path, *, key: str, labels: Mapping[str, int]) -> dict[str, tuple[Reading, ...]]:
    """Return what was called by the key of a study.

    The table has a row a study and reader: the column that label.csv identifies studies by,
    ``reader`` (a name or number), ``years`` (may be empty) and ``class`` (a word of
    ``options.labels``, or 0 or 1 without them).

    Parameters
    ----------
    path
        The table.
    key
        Column that identifies a study: study, accession or patient.
    labels
        Word to label; empty: 0 and 1.

    Raises
    ------
    LayoutError
        If a column is missing, a class unknown, a reader has two calls of a study, or is given
        different years. No cell is shown: it may be a name.
    """
    table = label_table.read(path)
    for name in (key, "reader", "class"):
        table.require(name)
    experience = _experience(table)
    order = sorted(experience, key=lambda name: (-_known(experience[name]), name))
    number = {name: index for index, name in enumerate(order, 1)}
    known = labels or {"0": 0, "1": 1}
    found: dict[str, dict[int, Reading]] = {}
    for row in table.rows:
        if row["class"] not in known:
            raise _error(table, row, f"expected a class among {', '.join(known)}")
        reader = number[row["reader"]]
        years = experience[row["reader"]]
        of_study = found.setdefault(row[key], {})
        if not row[key] or reader in of_study:
            raise _error(table, row, f"expected one row for each {key} and reader")
        of_study[reader] = Reading(reader, years, known[row["class"]])
    return {
        name: tuple(of_study[reader] for reader in sorted(of_study))
        for name, of_study in found.items()
    }


def _experience(table: Table) -> dict[str, float]:
    """Return the years of each reader."""
    found: dict[str, float] = {}
    for row in table.rows:
        if not row["reader"]:
            raise _error(table, row, "expected a reader")
        try:
            years = float(row["years"]) if row["years"] else math.nan
        except ValueError:
            raise _error(table, row, "expected years as a number, or nothing") from None
        if years < 0:
            raise _error(table, row, "expected years as a number of 0 or more, or nothing")
        before = found.setdefault(row["reader"], years)
        if before != years and not (math.isnan(before) and math.isnan(years)):
            raise _error(table, row, "this reader has other years in a row above")
    return found


def _known(years: float) -> float:
    return -1.0 if math.isnan(years) else years


def _error(table: Table, row: Row, what: str) -> LayoutError:
    return LayoutError(f"{table.path}, line {row.line}: {what}")
