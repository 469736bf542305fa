"""cc_ccii: layout of CC-CCII, CT as stacks of 8-bit slices (A-02, A-11, A-20, A-21).

Files: {NCP,CP,Normal}/<patient>/<scan>/NNNN.{png,jpg}
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

from elsewhere.design.layouts.cc_ccii import CcCciiOptions
from elsewhere.design.site import IntakeRow
from elsewhere.imaging.formats import numbered, slice_number
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import Unusable
from elsewhere.sites.layout import (
    Layout,
    LayoutError,
    LeftOut,
    Scan,
    Sex,
    age,
    images,
    number,
    sex,
    visible,
)
from elsewhere.sites.published_table import table

log = logging.getLogger(__name__)

_CLASSES = {"NCP": 1, "CP": 0, "Normal": 0}
_SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class _Listed:
    label: str
    slices: str


class CcCcii(CcCciiOptions, Layout):
    """Stacks of 8-bit slices; NCP is COVID-19, CP (common pneumonia) and Normal are negative."""

    citation: ClassVar[str] = "Zhang et al. 2020, Cell 181(6):1423-1433 (CC-CCII)"
    licence: ClassVar[str] = "CNCB-NGDC terms: research use"
    suffixes: ClassVar[tuple[str, ...]] = _SUFFIXES

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan per folder; the two tables are optional."""
        classes = [name for name in _CLASSES if (root / name).is_dir()]
        if not classes:
            raise LayoutError(f"{root}: expected folders {', '.join(_CLASSES)}")
        patients = _patients(root / "metadata.csv")
        listed = _listed(root / "unzip_filenames.csv")
        on_disk = set()
        for category in classes:
            for patient in (path for path in visible(root / category) if path.is_dir()):
                for scan_folder in (path for path in visible(patient) if path.is_dir()):
                    on_disk.add((patient.name, scan_folder.name))
                    yield self._scan(scan_folder, category, patients, listed)
        for (patient_id, scan_id), row in sorted((listed or {}).items()):
            if (patient_id, scan_id) not in on_disk:
                path = f"{row.label}/{patient_id}/{scan_id}"
                yield LeftOut(path, "missing", "listed in unzip_filenames.csv, not on disk")

    def _scan(
        self,
        scan_folder: Path,
        category: str,
        patients: dict[str, tuple[Sex, float]],
        listed: dict[tuple[str, str], _Listed] | None,
    ) -> Scan | LeftOut:
        patient = scan_folder.parent.name
        relative = f"{category}/{patient}/{scan_folder.name}"
        files = images(scan_folder, *_SUFFIXES)
        try:
            self._check_files(files)
            if listed is not None:
                _check_against_list(listed.get((patient, scan_folder.name)), category, len(files))
        except Unusable as error:
            return LeftOut(relative, error.reason, error.detail, tuple(files))
        source = Source(kind="stack", files=tuple(files), first_slice=self.first_slice)
        known_sex, known_age = patients.get(patient, ("unknown", float("nan")))
        return Scan(
            relative,
            relative,
            patient,
            _CLASSES[category],
            category,
            source,
            sex=known_sex,
            age=known_age,
        )

    def _check_files(self, files: list[Path]) -> None:
        if not files:
            raise Unusable("no_image", f"no {' or '.join(_SUFFIXES)} file in the folder")
        numbers = [slice_number(path) for path in numbered(files)] if len(files) > 1 else []
        skipped = sum(after - before - 1 for before, after in pairwise(numbers))
        if self.gaps == "reject" and skipped:
            raise Unusable("gap", f"{skipped} slice numbers are missing between first and last")


def _check_against_list(row: _Listed | None, category: str, slices: int) -> None:
    if row is None:
        raise Unusable("not_listed", "unzip_filenames.csv has no such patient and scan")
    # only the class names are documented; other values of the column cannot be compared
    if row.label in _CLASSES and row.label != category:
        raise Unusable("label_conflict", f"unzip_filenames.csv says {row.label}, not {category}")
    stated = number(row.slices)
    if stated is not None and stated != slices:
        raise Unusable("slice_count", f"{slices} slices, unzip_filenames.csv says {stated:g}")


def _patients(path: Path) -> dict[str, tuple[Sex, float]]:
    if not path.is_file():
        log.warning("%s is missing: sex and age stay unknown", path.name)
        return {}
    rows = table(path, required=("patient_id", "Age"))
    # versions of the table explain the values in the header differently, such as Sex(Male/Female)
    sex_column = next((name for name in (rows[0] if rows else ()) if name.startswith("Sex")), "")
    return {row["patient_id"]: (sex(row.get(sex_column, "")), age(row["Age"])) for row in rows}


def _listed(path: Path) -> dict[tuple[str, str], _Listed] | None:
    if not path.is_file():
        log.warning("%s is missing: slice counts cannot be checked", path.name)
        return None
    rows = table(path, required=("patient_id", "scan_id", "label", "n_slice"))
    return {
        (row["patient_id"], row["scan_id"]): _Listed(row["label"], row["n_slice"]) for row in rows
    }
