"""labels: read and write a site's label.csv: one row for each completely retrieved study."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from elsewhere.files import csv_lines, unescaped, whole

NAME = "label.csv"
_FIRST = ("study", "patient", "label", "category", "sex", "age", "sub_site")


class LabelsError(ValueError):
    """An older label.csv cannot be extended; the message says what to do."""


class Labels:
    """The rows of label.csv by StudyInstanceUID, as the layout `dicom_series` reads them.

    A study gets its row when it is complete and verified, and loses the row before any of it is
    fetched again. So an incomplete study has no label, and no scan is made from it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows = _read(path)

    def __contains__(self, study: str) -> bool:
        return study in self._rows

    def label(self, study: str) -> str | None:
        """Return the label of a study, None if it has no row."""
        row = self._rows.get(study)
        return None if row is None else row["label"]

    def drop(self, studies: Iterable[str]) -> None:
        """Remove the rows of these studies."""
        for study in studies:
            self._rows.pop(study, None)

    def put(self, study: str, fields: Mapping[str, str]) -> None:
        """Set the row of a study; columns of an older row that `fields` lacks stay."""
        self._rows[study] = {**self._rows.get(study, {}), **fields, "study": study}

    def write(self) -> None:
        """Write the table, sorted by study, if its content changed."""
        if not self._rows and not self._path.exists():
            return
        used = {name for row in self._rows.values() for name in row} | {"study", "label"}
        columns = [name for name in _FIRST if name in used] + sorted(used - set(_FIRST))
        rows = ([row.get(name, "") for name in columns] for _, row in sorted(self._rows.items()))
        encoded = csv_lines([columns, *rows]).encode()
        if self._path.is_file() and self._path.read_bytes() == encoded:
            return
        with whole(self._path) as part:
            part.write_bytes(encoded)


def _read(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
        if rows and not all(row.get("study") and row.get("label") for row in rows):
            raise LabelsError(
                f"{path}: was not written by `elsewhere pull`: it has no study UID and label in "
                "each row; move it away, or add a column study"
            )
    return {
        row["study"]: {name: unescaped(value or "") for name, value in row.items() if name}
        for row in rows
    }
