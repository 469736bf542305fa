"""covid_ctset: layout of COVID-CTset, CT as 16-bit TIFF slices (A-22, A-23).

Patients_metadata.csv gives the rescale slope and intercept to HU.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from elsewhere.design.layouts.covid_ctset import CovidCtsetOptions
from elsewhere.design.site import IntakeRow
from elsewhere.files import walk
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import NAN, Acquisition, Contrast, SpacingMm, Unusable
from elsewhere.sites.layout import HIDDEN, Layout, LeftOut, Scan, age, number, relative, sex
from elsewhere.sites.published_table import table

_SERIES = ("SR_2", "SR_3", "SR_4")
_NESTED = re.compile(r"^(covid|normal)\d*$")
_FLAT = re.compile(r"(covid|normal)\d*_(patient\d+)_(SR_\d+)_", re.IGNORECASE)
_INFECTION = {"covid": "Positive", "normal": "Negative"}

_Row = Mapping[str, str]
_MOST_BITS = 32


@dataclass
class _Files:
    folder: str
    at: str
    files: list[Path] = field(default_factory=list)


class CovidCtset(CovidCtsetOptions, Layout):
    """Three series per patient, with different slice thickness and kernel.

    Files are nested, `covid1/patient1/SR_2/*.tif`, or flat, with names such as
    `137covid_patient1_SR_2_IM00010.tif`; both may occur in one download.
    """

    citation: ClassVar[str] = "Rahimzadeh et al. 2021, Biomed. Signal Process. Control 68:102588"
    licence: ClassVar[str] = "CC BY-NC-SA 4.0"
    suffixes: ClassVar[tuple[str, ...]] = (".tif", ".tiff")

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan per series; label and rescale parameters come from the two tables."""
        patients = _by_patient(root / "Patient_details.csv", "SEX", "AGE", "COVID-19 Infection")
        rescale_columns = [
            f"{column} Rescale{parameter}"
            for column in _SERIES
            for parameter in ("Slope", "Intercept")
        ]
        headers = _by_patient(root / "Patients_metadata.csv", *rescale_columns)
        series_files, unexpected = _group_by_series(root)
        for path in unexpected:
            detail = "neither covid1/patientN/SR_k/*.tif nor *covid_patientN_SR_k_IM*.tif"
            yield LeftOut(relative(path, root), "unexpected_file", detail, (path,))
        for (patient, series), files in sorted(series_files.items()):
            yield self._scan(patient, series, files, patients, headers)
        for patient, series in _listed_series(headers):
            if (patient, series) not in series_files:
                place = f"{patient}/{series}"
                yield LeftOut(place, "missing", "listed in Patients_metadata.csv, not on disk")

    def _scan(
        self,
        patient: str,
        series: str,
        files: _Files,
        patients: Mapping[str, _Row],
        headers: Mapping[str, _Row],
    ) -> Scan | LeftOut:
        person = patients.get(patient)
        if person is None:
            detail = "Patient_details.csv has no such patient"
            return LeftOut(files.at, "not_listed", detail, tuple(files.files))
        infection = person["COVID-19 Infection"]
        if infection != _INFECTION[files.folder]:
            detail = f"the name says {files.folder}, Patient_details.csv does not agree"
            return LeftOut(files.at, "label_conflict", detail, tuple(files.files))
        try:
            source = self._source(files, _Header(headers.get(patient, {}), series))
        except Unusable as error:
            return LeftOut(files.at, error.reason, error.detail, tuple(files.files))
        return Scan(
            name=f"{patient}/{series}",
            path=files.at,
            patient=patient,
            label=int(infection == "Positive"),
            category=files.folder,
            source=source,
            sex=sex(person["SEX"]),
            age=age(person["AGE"]),
        )

    def _source(self, files: _Files, header: _Header) -> Source:
        bits = header.number("BitsStored")
        slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
        complete = slope is not None and intercept is not None
        return Source(
            kind="stack",
            files=tuple(files.files),
            slope=slope if complete else None,
            intercept=intercept if complete else None,
            spacing_mm=header.spacing_mm(),
            bits_stored=int(bits) if bits is not None and 1 <= bits <= _MOST_BITS else None,
            first_slice=self.first_slice,
            acquisition=header.acquisition(),
        )


@dataclass(frozen=True)
class _Header:
    """The columns of one series in one row of Patients_metadata.csv."""

    row: _Row
    series: str

    def text(self, name: str) -> str:
        return self.row.get(f"{self.series} {name}", "")

    def number(self, name: str) -> float | None:
        return number(self.text(name))

    def spacing_mm(self) -> SpacingMm:
        """Return (dz, dy, dx); dz is the slice thickness, as no slice distance is published."""
        thickness = self.number("SliceThickness")
        dy, dx = NAN, NAN
        if self.text("PixelSpacing"):
            parts = self.text("PixelSpacing").strip("[]").split(",")
            numbers = [number(part.strip()) for part in parts]
            if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
                raise Unusable("bad_number", "Pixel Spacing should be two numbers")
            dy, dx = numbers[0], numbers[1]
        dz = NAN if thickness is None else thickness
        return dz, dy, dx

    def acquisition(self) -> Acquisition:
        without = "WITHOUT CONTRAST" in self.text("ImageComments").upper()
        contrast: Contrast = "no" if without else "unknown"
        return Acquisition(
            manufacturer=self.text("Manufacturer") or "unknown",
            kernel=self.text("ConvolutionKernel") or "unknown",
            contrast=contrast,
        )


def _by_patient(path: Path, *columns: str) -> dict[str, _Row]:
    rows = table(path, required=("Patient ID", *columns))
    return {row["Patient ID"]: row for row in rows}


def _listed_series(headers: Mapping[str, _Row]) -> list[tuple[str, str]]:
    """Return the series with values in the table; the published table lacks 12 of 1,131."""
    filled = [
        (patient, series)
        for patient, row in headers.items()
        for series in _SERIES
        if row[f"{series} RescaleSlope"]
    ]
    return sorted(filled)


def _group_by_series(root: Path) -> tuple[dict[tuple[str, str], _Files], list[Path]]:
    unexpected: list[Path] = []
    series_files: dict[tuple[str, str], _Files] = {}
    for path in sorted(walk(root, set())):
        relative_path = path.relative_to(root)
        if path.suffix.lower() not in CovidCtset.suffixes or not path.is_file():
            continue
        if any(part.startswith(HIDDEN) for part in relative_path.parts):
            continue
        nested = [_NESTED.match(part) for part in relative_path.parts[:-3]]
        flat = _FLAT.search(path.name)
        if flat:
            folder, key = flat[1].lower(), (flat[2], flat[3])
            at = (relative_path.parent / path.name[: flat.end() - 1]).as_posix()
        elif nested and nested[-1]:
            folder, key = nested[-1][1], (relative_path.parts[-3], relative_path.parts[-2])
            at = relative_path.parent.as_posix()
        else:
            unexpected.append(path)
            continue
        series_files.setdefault(key, _Files(folder, at)).files.append(path)
    return series_files, unexpected
