"""label_cells: what the cells of label.csv mean: labels, findings, dates, views."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from elsewhere.design.findings import View
from elsewhere.imaging.volume import Unusable
from elsewhere.sites.findings import CELLS, State
from elsewhere.sites.label_table import Row

COLUMNS: Final[Mapping[str, str]] = {
    "path": "the file, from the site's folder on",
    "patient": "whose scan it is: all scans of a patient go to one part of a split",
    "label": "0 or 1, or a word of `options.labels`; not needed with `options.classes` or "
    "`options.findings`",
    "category": "optional: your own class, one of `options.categories`",
    "sex": "optional: F or M, female or male",
    "age": "optional: years, or 053Y as in DICOM",
    "date": "optional: day of the scan, 2020-01-31; only days between a patient's scans are kept",
    "scanner": "optional: the manufacturer; what is no known vendor is kept as `other`",
    "sub_site": "optional: hospital within the site",
    "view": "optional, of radiographs: PA, AP, lateral, frontal or unknown",
}
_LABELS: Final = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}  # a spreadsheet may make a fraction of it
_DATES: Final = (
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"),
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"),
)
_TIME: Final = re.compile(r"[ T]\d{1,2}:\d{2}.*$")
_VIEWS: Final[Mapping[str, View]] = {
    "pa": "PA",
    "ap": "AP",
    "lateral": "lateral",
    "frontal": "frontal",
    "unknown": "unknown",
    "": "unknown",
}


def agreed(rows: Iterable[Row]) -> Row:
    """Return what all rows of one file say.

    Raises
    ------
    Unusable
        `label_conflict` if they differ in more than the way in which they write its path.
    """
    first, *others = rows
    for other in others:
        if any(first[name] != other[name] for name in {*first.cells, *other.cells} - {"path"}):
            raise Unusable("label_conflict", "label.csv has rows for this file that differ")
    return first


def label(row: Row, words: Mapping[str, int]) -> int:
    """Return the label of a row.

    Parameters
    ----------
    row
        Of label.csv.
    words
        Label of each word that may stand in the column, in any case; empty: 0 or 1.

    Raises
    ------
    Unusable
        `no_label` if the cell is empty, `bad_label` if it is none of the words, or neither 0 nor 1.
    """
    text = row["label"]
    if not text:
        raise Unusable("no_label", "the row of label.csv has no label")
    if words:
        known = {word.casefold(): number for word, number in words.items()}
        if text.casefold() not in known:
            raise Unusable("bad_label", "the label in label.csv is no word of options.labels")
        return known[text.casefold()]
    if text not in _LABELS:
        raise Unusable("bad_label", "the label in label.csv is neither 0 nor 1")
    return _LABELS[text]


def findings(row: Row, names: Iterable[str]) -> dict[str, State]:
    """Return the states of findings in a row.

    Raises
    ------
    Unusable
        `bad_label` if a cell is none of 1, 0, -1 and empty.
    """
    states = {name: CELLS.get(row[name]) for name in names}
    if None in states.values():
        raise Unusable("bad_label", "a finding in label.csv is none of 1, 0, -1 and empty")
    return {name: state for name, state in states.items() if state is not None}


def day(row: Row) -> str | None:
    """Return the date of a row as YYYYMMDD, None for an empty cell.

    Raises
    ------
    Unusable
        `bad_date` for what is no date, or could be one of two: 03/04/2020.
    """
    text = _TIME.sub("", row["date"])
    if not text:
        return None
    match = next((found for one in _DATES if (found := one.fullmatch(text))), None)
    try:
        if match is None:
            raise ValueError
        return date(int(match["year"]), int(match["month"]), int(match["day"])).strftime("%Y%m%d")
    except ValueError:
        raise Unusable("bad_date", "a date in label.csv is not written as 2020-01-31") from None


def view(row: Row) -> View:
    """Return the view of a radiograph.

    Raises
    ------
    Unusable
        `bad_view` if the word is unknown.
    """
    written = row["view"].casefold()
    if written not in _VIEWS:
        known = ", ".join(filter(None, _VIEWS))
        raise Unusable("bad_view", f"a view in label.csv is none of {known}")
    return _VIEWS[written]
