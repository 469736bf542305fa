"""radiographs: makes scans from a publisher's tables, for sites of very many images."""

from __future__ import annotations

import os
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from gzip import BadGzipFile
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pandas as pd

from elsewhere.design.findings import View
from elsewhere.files import is_file, walk
from elsewhere.imaging.source import Source
from elsewhere.sites import table_size
from elsewhere.sites.findings import CELLS, Part, State
from elsewhere.sites.layout import HIDDEN, NAN, LayoutError, LeftOut, Scan, Sex

CATEGORY = "radiograph"
OTHER_PART: Final = "other_part"
# these quote nothing from the tables: at a private site only paths are hashed
_DETAILS: Final[Mapping[str, str]] = {
    OTHER_PART: "options.parts does not name the part of the publisher's split that holds these",
    "label_conflict": "rows of the publisher's tables contradict each other",
    "no_patient": "the publisher's tables give this image no patient",
    "not_listed": "one of the publisher's tables has no row for this image",
    "no_findings": "the publisher's tables give it no findings",
    "bad_number": "a finding is none of 1, 0, -1 and blank",
    "unknown_finding": "the publisher's table names a finding that is not one of the data set's",
}


class Record(NamedTuple):
    """One image as the publisher's tables describe it; the columns of what `scans` takes.

    Attributes
    ----------
    name
        What identifies the image within its site, wherever its file lies.
    place
        Its file below the site's folder, with "/", whether it is there or not.
    findings
        One state for each finding that is annotated; None with a problem.
    problem
        A code of `elsewhere.sites.reasons` why it can be no scan; empty if it can.
    """

    name: str
    place: str
    patient: str
    findings: Mapping[str, State]
    sex: Sex = "unknown"
    age: float = NAN
    view: View = "unknown"
    part: Part = ""
    date: str = ""
    problem: str = ""


def images(root: Path, *suffixes: str) -> dict[str, Path]:
    """Return the image files below a folder by their place in it; each folder is listed once."""
    # cut off as text: relative_to takes seconds on this many paths
    start = len(str(root)) + 1 if root.parts else 0
    files = {}
    for path in walk(root, set()):
        place = str(path)[start:]
        hidden = any(part.startswith(HIDDEN) for part in place.split("/"))
        if place.lower().endswith(suffixes) and not hidden and is_file(path):
            files[place] = path
    return files


def table(path: Path, *, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return columns of a CSV table, plain or .gz, as text without outer blanks.

    `elsewhere.sites.layout.table` gives small tables as rows; this one stays in columns.

    Raises
    ------
    LayoutError
        If the file or one of the required columns is missing, or it cannot be read.
    """
    if not path.is_file():
        raise LayoutError(f"{path}: no such table; put the publisher's file there")
    table_size.check(path)
    wanted = {*required, *optional}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                path,
                dtype=str,
                keep_default_na=False,
                encoding="utf-8-sig",
                index_col=False,
                usecols=lambda name: name.strip() in wanted,
            )
    except (EOFError, zlib.error, BadGzipFile, ValueError, pd.errors.ParserWarning) as error:
        # the texts of these errors may quote the table
        raise LayoutError(
            f"{path}: cannot be read as a table ({type(error).__name__}); expected CSV in UTF-8"
        ) from None
    frame.columns = [str(name).strip() for name in frame.columns]
    missing = [name for name in required if name not in frame]
    if missing:
        raise LayoutError(
            f"{path}: none of its columns is {' or '.join(missing)}; "
            "is the header line there, and are the columns separated by commas?"
        )
    return frame.fillna("").apply(_stripped)


def _stripped(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.str.strip()


def first_file(root: Path, *names: str) -> Path:
    """Return the first of the named files that exists below `root`; the first name if none does."""
    return next((root / name for name in names if (root / name).is_file()), root / names[0])


def once(frame: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Return one row per key, and in column `conflict` whether the table has others that differ."""
    distinct = frame.drop_duplicates()
    conflict = distinct.duplicated([*keys], keep=False)
    # a fixed order, so that the order of the file does not decide which row stays
    conflicting = distinct[conflict].sort_values([*frame.columns]).drop_duplicates([*keys])
    kept = (distinct[~conflict].assign(conflict=False), conflicting.assign(conflict=True))
    return pd.concat(kept, ignore_index=True)


def each(column: pd.Series[Any], read: Callable[[str], Any]) -> pd.Series[Any]:
    """Apply a function to a column of text, once for each distinct text."""
    values = pd.Series({text: read(text) for text in column.unique()}, dtype=object)
    return column.map(values).astype(object)


def finding_states(frame: pd.DataFrame, labels: Mapping[str, str]) -> pd.Series[Any]:
    """Return the findings of each row from columns of 1, 0, -1 and blank (B-18, B-23).

    Parameters
    ----------
    frame
        Cells as text.
    labels
        Column to name of the finding.

    Returns
    -------
    pandas.Series
        One mapping for all rows that are alike; None where a cell holds something else.
    """
    codes = frame[next(iter(labels))].astype(object)
    for column in list(labels)[1:]:
        codes = codes + "," + frame[column].astype(object)
    return each(codes, lambda code: _findings(code, tuple(labels.values())))


def _findings(code: str, names: tuple[str, ...]) -> Mapping[str, State] | None:
    cells = code.split(",")
    if len(cells) != len(names) or not CELLS.keys() >= {*cells}:
        return None
    return MappingProxyType({name: CELLS[cell] for name, cell in zip(names, cells, strict=True)})


def problems(frame: pd.DataFrame, **conditions: pd.Series[bool]) -> pd.Series[Any]:
    """Return for each row the first code whose condition holds, in the order given, or ""."""
    codes = pd.Series("", index=frame.index, dtype=object)
    for code, holds in conditions.items():
        codes[(codes == "") & holds.to_numpy(bool)] = code
    return codes


def scans(
    records: pd.DataFrame, *, root: Path, files: Mapping[str, Path], listing: str
) -> Iterator[Scan | LeftOut]:
    """Yield one scan per image that is listed and on disk, and a row for each that is not both.

    Parameters
    ----------
    records
        Columns of `Record`, in any order of rows; columns without a value may be missing.
    root
        The site's folder.
    files
        What `images` found, as far as it should be listed.
    listing
        Name of the table, for `rejected.csv`.
    """
    others = []
    for record in _records(records):
        path = files.get(record.place)
        if record.problem == OTHER_PART:
            # a user of one part need not have the files of the others
            others += [path] if path else []
        elif path is None:
            yield LeftOut(record.place, "missing", f"listed in {listing}, not on disk")
        elif record.problem:
            yield LeftOut(record.place, record.problem, _DETAILS[record.problem], (path,))
        else:
            yield _scan(record, path)
    if others:
        yield _unused_parts(others, root)
    for place in sorted(files.keys() - {*records["place"]}):
        yield LeftOut(place, "not_listed", f"{listing} does not name this image", (files[place],))


def _records(frame: pd.DataFrame) -> Iterator[Record]:
    known = [name for name in Record._fields if name in frame]
    ordered = frame[known].sort_values("name")
    for values in zip(*(ordered[name].tolist() for name in known), strict=True):
        yield Record(**dict(zip(known, values, strict=True)))


def _scan(record: Record, path: Path) -> Scan:
    return Scan(
        name=record.name,
        path=record.place,
        patient=record.patient,
        label=None,
        category=CATEGORY,
        source=Source(kind="picture", files=(path,)),
        sex=record.sex,
        age=record.age,
        date=record.date or None,
        findings=record.findings,
        view=record.view,
        publisher_part=record.part,
    )


def _unused_parts(files: list[Path], root: Path) -> LeftOut:
    """Return one row for all images of the parts that are not used: they are most of a site."""
    common = os.path.commonpath([min(files), max(files)])
    place = Path(common).relative_to(root).as_posix()
    return LeftOut(place, OTHER_PART, _DETAILS[OTHER_PART], tuple(sorted(files)))
