"""covid_ctset: COVID-CTset: 16-bit TIFF slices, HU by Patients_metadata.csv (A-22, A-23)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from elsewhere.design.layouts.covid_ctset import CovidCtsetOptions
from elsewhere.design.site import IntakeRow
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import NAN, Acquisition, Contrast, SpacingMm, Unusable
from elsewhere.sites.layout import HIDDEN, Layout, LeftOut, Scan, age, number, relative, sex, table

_SERIES = ("SR_2", "SR_3", "SR_4")
_NESTED = re.compile(r"^(covid|normal)\d*$")
_FLAT = re.compile(r"(covid|normal)\d*_(patient\d+)_(SR_\d+)_", re.IGNORECASE)
_INFECTION = {"covid": "Positive", "normal": "Negative"}

_Row = Mapping[str, str]


@dataclass
class _Files:
    folder: str
    at: str
    files: list[Path] = field(default_factory=list)


class CovidCtset(CovidCtsetOptions, Layout):
    """Three series a patient, of different thickness and kernel.

    Files lie nested, `covid1/patient1/SR_2/*.tif`, or flat, with names such as
    `137covid_patient1_SR_2_IM00010.tif`; both may occur in one download.
    """

    citation: ClassVar[str] = "Rahimzadeh et al. 2021, Biomed. Signal Process. Control 68:102588"
    licence: ClassVar[str] = "CC BY-NC-SA 4.0"
    suffixes: ClassVar[tuple[str, ...]] = (".tif", ".tiff")

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan a series; label and rescale come from the two tables."""
        people = _by_patient(root / "Patient_details.csv", "SEX", "AGE", "COVID-19 Infection")
        needed = [f"{one} Rescale{part}" for one in _SERIES for part in ("Slope", "Intercept")]
        headers = _by_patient(root / "Patients_metadata.csv", *needed)
        found, others = _found(root)
        for path in others:
            detail = "neither covid1/patientN/SR_k/*.tif nor *covid_patientN_SR_k_IM*.tif"
            yield LeftOut(relative(path, root), "unexpected_file", detail, (path,))
        for (patient, series), files in sorted(found.items()):
            yield self._scan(patient, series, files, people, headers)
        for patient, series in _expected(headers):
            if (patient, series) not in found:
                at = f"{patient}/{series}"
                yield LeftOut(at, "missing", "listed in Patients_metadata.csv, not on disk")

    def _scan(
        self,
        patient: str,
        series: str,
        files: _Files,
        people: Mapping[str, _Row],
        headers: Mapping[str, _Row],
    ) -> Scan | LeftOut:
        person = people.get(patient)
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
        known = slope is not None and intercept is not None
        return Source(
            kind="stack",
            files=tuple(files.files),
            slope=slope if known else None,
            intercept=intercept if known else None,
            spacing_mm=header.spacing_mm(),
            bits_stored=None if bits is None else int(bits),
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
        """Return the pixel spacing, and the slice thickness for want of a distance."""
        thickness = self.number("SliceThickness")
        dy, dx = NAN, NAN
        if self.text("PixelSpacing"):
            parts = self.text("PixelSpacing").strip("[]").split(",")
            found = [number(part.strip()) for part in parts]
            if len(found) != 2 or found[0] is None or found[1] is None:
                raise Unusable("bad_number", "Pixel Spacing should be two numbers")
            dy, dx = found[0], found[1]
        return (NAN if thickness is None else thickness, dy, dx)

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


def _expected(headers: Mapping[str, _Row]) -> list[tuple[str, str]]:
    """Return the series whose row is filled; the real tables leave 12 of 1,131 empty."""
    filled = [
        (patient, series)
        for patient, row in headers.items()
        for series in _SERIES
        if row[f"{series} RescaleSlope"]
    ]
    return sorted(filled)


def _found(root: Path) -> tuple[dict[tuple[str, str], _Files], list[Path]]:
    others: list[Path] = []
    found: dict[tuple[str, str], _Files] = {}
    for path in sorted(root.rglob("*")):
        below = path.relative_to(root)
        if path.suffix.lower() not in CovidCtset.suffixes or not path.is_file():
            continue
        if any(part.startswith(HIDDEN) for part in below.parts):
            continue
        nested = [_NESTED.match(part) for part in below.parts[:-3]]
        flat = _FLAT.search(path.name)
        if flat:
            folder, key = flat[1].lower(), (flat[2], flat[3])
            at = (below.parent / path.name[: flat.end() - 1]).as_posix()
        elif nested and nested[-1]:
            folder, key = nested[-1][1], (below.parts[-3], below.parts[-2])
            at = below.parent.as_posix()
        else:
            others.append(path)
            continue
        found.setdefault(key, _Files(folder, at)).files.append(path)
    return found, others
