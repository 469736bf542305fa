"""labelled: sites whose scans are single files, with labels from label.csv or class folders."""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final

from elsewhere.design.findings import View
from elsewhere.design.labelled import LabelledOptions
from elsewhere.design.site import IntakeRow
from elsewhere.files import walk
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import Acquisition, Unusable
from elsewhere.sites import label_cells, label_table, suggestions
from elsewhere.sites.label_table import NAME, Row, Table
from elsewhere.sites.layout import (
    HIDDEN,
    LOOKED_AT,
    Layout,
    LayoutError,
    LeftOut,
    Likeness,
    Scan,
    age,
    relative,
    sex,
)
from elsewhere.sites.places import Places

_NO_ROW: Final = Row(0, {})


@dataclass(frozen=True)
class _Listed:
    """What label.csv says of the files of a site.

    Attributes
    ----------
    columns
        Of the table; none without one.
    rows
        Place of a file to the rows that match it.
    lost
        Rows that match no file, or several.
    """

    columns: tuple[str, ...] = ()
    rows: dict[str, list[Row]] = field(default_factory=dict)
    lost: tuple[LeftOut, ...] = ()


class Labelled(LabelledOptions, Layout, ABC):
    """One scan per file, labelled by `label.csv` at the top of the site's folder or by folders."""

    general: ClassVar[bool] = True

    @abstractmethod
    def is_scan(self, path: Path) -> bool:
        """Whether a file looks like a scan by its name or its first bytes."""

    @abstractmethod
    def source(self, path: Path) -> Source:
        """Return how a scan is read, by a look at no more than its header.

        Raises
        ------
        Unusable
            If it cannot be read.
        """

    @classmethod
    def likeness(cls, root: Path, policy: IntakeRow) -> Likeness:
        """Say whether there are such files, and name what the labels lack."""
        try:
            layout = cls(**cls.suggested(root, {}))
            first = islice(_visible(root).values(), LOOKED_AT)
            if not any(map(layout.is_scan, first)):
                detail = f"none of the first {LOOKED_AT} files ends in {', '.join(cls.suffixes)}"
                return Likeness(False, f"{root}: {detail}")
            layout._table(root)
        except LayoutError as error:
            return Likeness(True, str(error))
        return Likeness(True, "")

    @classmethod
    def suggested(cls, root: Path, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that a user gave, with class folders, or findings of label.csv."""
        return {**suggestions.options(root, cls.suffixes, given), **given}

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan per file that has a label, and a row for each file or label without."""
        table = self._table(root)
        files = _visible(root)
        listed = _Listed() if table is None else _listed(table, Places(files, self.suffixes))
        yield from listed.lost
        taken: set[Path] = set()
        for place, path in files.items():
            if place in listed.rows or self._expected(place, path, listed):
                item = self._scan_or_reason(place, path, listed)
                yield _with_files_of_its_own(item, taken)
                taken.update(item.source.files if isinstance(item, Scan) else item.files)

    def _table(self, root: Path) -> Table | None:
        """Return label.csv, checked to have the columns that the options require."""
        path = root / NAME
        if not path.is_file() and not self.classes:
            raise LayoutError(
                f"{root}: no {NAME} there, and options.classes names no class folders. Write "
                f"{NAME} with the columns path, patient and label, or name the folders and their "
                "labels"
            )
        for name in self.classes:
            if not _same_folder(root, name):
                raise LayoutError(f"{root}: no folder {name}, which options.classes names")
        table = label_table.read(path) if path.is_file() else None
        if table is not None:
            table.require("path", *self.findings, *([] if self._labels_apart else ["label"]))
        if not self._patients_apart and (table is None or "patient" not in table.columns):
            raise LayoutError(
                f"{root}: nothing says whose scan a file is. Add a column patient to {NAME}, or "
                "set options.patient_pattern; if there is no patient key, options.patient_key: none"
            )
        return table

    @property
    def _labels_apart(self) -> bool:
        return bool(self.classes or self.findings)

    @property
    def _patients_apart(self) -> bool:
        return self.patient_pattern is not None or self.patient_key == "none"

    def _expected(self, place: str, path: Path, listed: _Listed) -> bool:
        """Whether a file that label.csv does not name is, or should be, a scan."""
        if not self.is_scan(path) or path.stat().st_size == 0:
            return False
        return bool(listed.columns) or self._class(place) is not None

    def _scan_or_reason(self, place: str, path: Path, listed: _Listed) -> Scan | LeftOut:
        files: tuple[Path, ...] = (path,)
        try:
            if any(fnmatchcase(place, pattern) for pattern in self.leave_out):
                raise Unusable("left_out", "options.leave_out has a pattern that fits its path")
            source = self.source(path)
            files = source.files
            return self._scan(place, source, listed)
        except Unusable as error:
            return LeftOut(place, error.reason, error.detail, files)

    def _scan(self, place: str, source: Source, listed: _Listed) -> Scan:
        rows = listed.rows.get(place, [])
        if not rows and not (self._class(place) and self._patients_apart):
            raise Unusable("no_label", f"{NAME} has no row for this file")
        row = label_cells.agreed(rows) if rows else _NO_ROW
        patient = self._patient(place, row, listed.columns)
        label = None if self.findings else self._label(place, row, listed.columns)
        return Scan(
            name=place,
            path=place,
            patient=patient,
            label=label,
            category=self._category(place, row, label),
            source=replace(source, acquisition=Acquisition(row["scanner"] or "unknown")),
            sex=sex(row["sex"]),
            age=age(row["age"].replace(",", ".")),
            sub_site=row["sub_site"] or "unknown",
            date=label_cells.day(row),
            findings=label_cells.findings(row, self.findings),
            view=self._view(row),
        )

    def _class(self, place: str) -> str | None:
        """Return the class folder that a file lies in, as options.classes writes it."""
        plain = _plain(place)
        fitting = [name for name in self.classes if plain.startswith(_plain(name) + "/")]
        return max(fitting, key=len, default=None)

    def _label(self, place: str, row: Row, columns: tuple[str, ...]) -> int:
        name = self._class(place)
        if name is None or (row is not _NO_ROW and "label" in columns):
            label = label_cells.label(row, self.labels)
            if name is not None and self.classes[name] != label:
                raise Unusable("label_conflict", f"the folder and {NAME} give different labels")
            return label
        return self.classes[name]

    def _patient(self, place: str, row: Row, columns: tuple[str, ...]) -> str | None:
        if self.patient_pattern is not None:
            match = re.search(self.patient_pattern, place)
            if match is None or not match[1]:
                raise Unusable("no_patient", "options.patient_pattern finds no patient in its path")
            return match[1]
        if row is _NO_ROW or "patient" not in columns:
            return None
        if not row["patient"]:
            raise Unusable("no_patient", f"the row of {NAME} has no patient")
        return row["patient"]

    def _category(self, place: str, row: Row, label: int | None) -> str:
        written = row["category"]
        if self.categories and written:
            if written not in self.categories:
                raise Unusable(
                    "unknown_category", f"not one of the {len(self.categories)} declared"
                )
            return written
        if label is None:
            return self.modality
        if self.labels and self._class(place) is None:
            return next(word for word, number in self.labels.items() if number == label)
        return self._class(place) or ("positive" if label == 1 else "negative")

    def _view(self, row: Row) -> View:
        return label_cells.view(row) if self.modality == "radiograph" else "none"


def _visible(root: Path) -> dict[str, Path]:
    """Return the files below a folder by their place in it, hidden ones left out."""
    files = {relative(path, root): path for path in walk(root, set()) if path.is_file()}
    return {
        place: path
        for place, path in sorted(files.items())
        if place != NAME and not any(part.startswith(HIDDEN) for part in place.split("/"))
    }


def _listed(table: Table, places: Places) -> _Listed:
    rows: dict[str, list[Row]] = {}
    lost = []
    for row in table.rows:
        fitting = places.find(row["path"])
        if len(fitting) == 1:
            rows.setdefault(fitting[0], []).append(row)
        elif fitting:
            detail = f"line {row.line} of {NAME} fits {len(fitting)} files"
            lost.append(LeftOut(f"{NAME}/{row['path']}", "ambiguous_row", detail))
        else:
            detail = f"line {row.line} of {NAME} names a file that is not there"
            lost.append(LeftOut(f"{NAME}/{row['path']}", "missing", detail))
    return _Listed(table.columns, rows, tuple(lost))


def _same_folder(root: Path, name: str) -> bool:
    """Whether a folder is there, in any case and any composition of its letters."""
    at = [root]
    for part in _plain(name).split("/"):
        at = [child for parent in at for child in parent.iterdir() if _plain(child.name) == part]
        at = [child for child in at if child.is_dir()]
    return bool(at)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip("/")


def _with_files_of_its_own(item: Scan | LeftOut, taken: set[Path]) -> Scan | LeftOut:
    """Leave out files of an earlier scan: two headers may name one file of voxels."""
    files = item.source.files if isinstance(item, Scan) else item.files
    free = tuple(path for path in files if path not in taken)
    if len(free) == len(files):
        return item
    if isinstance(item, LeftOut):
        return replace(item, files=free)
    return LeftOut(item.path, "same_data", "another header names the same file of voxels", free)
