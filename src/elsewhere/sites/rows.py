"""rows: make the manifest row of a scan, with only those fields that may be published."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from elsewhere.imaging import store
from elsewhere.imaging.volume import Volume
from elsewhere.sites import findings
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import Scan

# 45 CFR 164.514(b)(2)(i)(C): ages over 89 are one category
_OLDEST = 90.0
_OLDEST_EVER = 120.0  # ChestX-ray14 holds ages up to 414, other tables 999 for "not known"
_AGE, _SPACING, _ALIKE = "age_impossible", "spacing_impossible", "patient_alike"
_TWO_SEXES = "sex_differs"
# a chest CT has pixels of 0.3 to 1 mm and slices up to 10 mm apart; beyond, the unit is another
_POSSIBLE_MM = (0.05, 50.0)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Rows:
    """Makes the manifest rows of one site.

    Attributes
    ----------
    keys
        Keys of the site; at a private site ages above 89 become 90.
    synthetic
        Value of the column `synthetic` in every row.
    first_days
        Patient to the day of the patient's first study at this site.
    doubts
        Patient to flags of all the patient's scans, see `doubts`.
    """

    keys: Keys
    synthetic: bool
    first_days: Mapping[str, int]
    doubts: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def row(
        self, scan: Scan, volume: Volume, voxels: npt.NDArray[np.generic], n_files: int
    ) -> dict[str, Any]:
        """Return the row of a scan.

        Parameters
        ----------
        scan
            The scan as the layout describes it.
        volume
            The volume as it was read.
        voxels
            The voxels as they are stored, see `stored`.
        n_files
            Number of files of the volume.
        """
        scan_id = self.keys.scan(scan.name)
        dz, dy, dx = volume.spacing_mm
        slices, rows, columns = voxels.shape
        age, doubts = self._age(scan.age)
        doubts |= self.doubts.get(scan.patient or "", frozenset())
        return {
            "scan_id": scan_id,
            "patient_id": self.keys.patient(scan.patient) if scan.patient is not None else scan_id,
            "patient_key": "none" if scan.patient is None else "published",
            "site": self.keys.site,
            "sub_site": self.keys.word("sub_site", scan.sub_site),
            "label": scan.label,
            "category": scan.category,
            "findings": findings.written(scan.findings),
            "view": scan.view,
            "publisher_part": scan.publisher_part,
            "sex": scan.sex,
            "age": age,
            "study_day": self._study_day(scan),
            "manufacturer": volume.acquisition.manufacturer,
            "kernel": volume.acquisition.kernel,
            "contrast": volume.acquisition.contrast,
            "spacing_z_mm": dz,
            "spacing_y_mm": dy,
            "spacing_x_mm": dx,
            "affine": affine_text(volume.affine),
            "n_slices": slices,
            "rows": rows,
            "columns": columns,
            "n_files": n_files,
            "value_scale": volume.value_scale,
            "colour_mode": volume.colour_mode,
            "bits_stored": volume.bits_stored,
            "value_min": int(voxels.min()),
            "value_max": int(voxels.max()),
            "source_path": self.keys.path(scan.path),
            "source_format": volume.source_format,
            "repairs": codes(volume.repairs),
            "flags": codes({*volume.flags, *doubts}),
            "synthetic": self.synthetic,
            "volume_sha256": store.sha256(voxels),
        }

    def _age(self, years: float) -> tuple[float, set[str]]:
        """Return an age that somebody can have, else NaN and a flag."""
        if math.isnan(years):
            return years, set()
        if not 0 <= years <= _OLDEST_EVER:
            return math.nan, {_AGE}
        return min(years, _OLDEST) if self.keys.private else years, set()

    def _study_day(self, scan: Scan) -> int | None:
        study_date = day(scan.date)
        if study_date is None or scan.patient is None:
            return None
        return study_date - self.first_days[scan.patient]


def stored(volume: Volume) -> npt.NDArray[np.generic]:
    """Return the voxels in the type in which they are stored: uint8 for greys 0-255, else int16."""
    kept = np.uint8 if volume.value_scale == "0-255" else np.int16
    return volume.voxels.astype(kept)


def sound(volume: Volume) -> Volume:
    """Return a volume whose spacing is unknown, and flagged, where it cannot be.

    It cannot be 0 or negative, nor so small or large that it must be metres or micrometres.
    """
    low, high = _POSSIBLE_MM
    wrong = [not math.isnan(step) and not low <= step <= high for step in volume.spacing_mm]
    if not any(wrong):
        return volume
    dz, dy, dx = (
        math.nan if bad else step for bad, step in zip(wrong, volume.spacing_mm, strict=True)
    )
    return replace(volume, spacing_mm=(dz, dy, dx), affine=None, flags=(*volume.flags, _SPACING))


def doubts(scans: Iterable[Scan]) -> dict[str, frozenset[str]]:
    """Return flags by patient: a name like another's, or two sexes, as of two people with one ID.

    They may be one patient or two: that is for the owner of the data to judge.
    """
    known = [candidate for scan in scans for candidate in (scan, *scan.instead)]
    sexes: dict[str, set[str]] = {}
    for one in known:
        if one.patient is not None and one.sex != "unknown":
            sexes.setdefault(one.patient, set()).add(one.sex)
    found = {patient: {_TWO_SEXES} for patient, named in sexes.items() if len(named) > 1}
    for patient in alike(known):
        found.setdefault(patient, set()).add(_ALIKE)
    return {patient: frozenset(flags) for patient, flags in found.items()}


def alike(scans: Iterable[Scan]) -> frozenset[str]:
    """Return the patients whose names differ in case, blanks or leading zeros alone."""
    names = {scan.patient for scan in scans if scan.patient is not None}
    groups: dict[str, list[str]] = {}
    for name in names:
        plain = _DIGITS.sub(lambda digits: digits[0].lstrip("0"), "".join(name.casefold().split()))
        groups.setdefault(plain, []).append(name)
    return frozenset(name for group in groups.values() if len(group) > 1 for name in group)


def flags(volume: Volume, measured: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes of warnings about a volume, from its header and from measurements."""
    return (*volume.flags, "face_slices") if measured["face_slices"] > 0 else volume.flags


def day(text: str | None) -> int | None:
    """Return the ordinal number of the day for a DICOM *Date* such as 20200131.

    PS3.5 6.2: DA is YYYYMMDD; ACR-NEMA wrote YYYY.MM.DD. None for anything else.
    """
    digits = (text or "").strip().replace(".", "")
    if len(digits) != len("YYYYMMDD") or not digits.isascii() or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).toordinal()
    except ValueError:
        return None


def first_days(scans: Iterable[Scan]) -> dict[str, int]:
    """Return the day of each patient's first study, among the scans and their alternatives."""
    earliest: dict[str, int] = {}
    for scan in scans:
        for candidate in (scan, *scan.instead):
            study_date = day(candidate.date)
            if study_date is not None and candidate.patient is not None:
                earliest[candidate.patient] = min(
                    study_date, earliest.get(candidate.patient, study_date)
                )
    return earliest


def affine_text(affine: npt.NDArray[np.float64] | None) -> str:
    """Return the upper three rows of an affine as JSON, rounded to 10^-6 mm; "" if unknown."""
    if affine is None:
        return ""
    numbers = [round(float(value), 6) + 0.0 for value in affine[:3].ravel()]
    return json.dumps(numbers) if all(map(math.isfinite, numbers)) else ""


def codes(unordered: Iterable[str]) -> str:
    """Return codes in a fixed order, joined by ";"."""
    return ";".join(sorted(set(unordered)))
