"""covid_ctset: COVID-CTset: 16-bit TIFF slices, HU by Patients_metadata.csv (A-22, A-23)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import NAN, Acquisition, Contrast, SpacingMm
from elsewhere.sites.layout import Layout, Rejected, Scan, age, sex, table

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


class CovidCtset(Layout):
    """Three series a patient, of different thickness and kernel.

    Files lie nested, `covid1/patient1/SR_2/*.tif`, or flat, with names such as
    `137covid_patient1_SR_2_IM00010.tif`; both may occur in one download.

    Attributes
    ----------
    first_slice
        The end of the patient that the lowest image number shows. [AMB] The tables do not say it;
        the positions that they give for image 1 lie around the start of the scout, hence the head.
    """

    citation: ClassVar[str] = "Rahimzadeh et al. 2021, Biomed. Signal Process. Control 68:102588"
    licence: ClassVar[str] = "CC BY-NC-SA 4.0"

    first_slice: Literal["head", "feet"] = "head"

    def scans(self, root: Path) -> Iterator[Scan | Rejected]:
        """Yield one scan a series; label and rescale come from the two tables."""
        people = _by_patient(root / "Patient_details.csv", "SEX", "AGE", "COVID-19 Infection")
        needed = [f"{one} Rescale{part}" for one in _SERIES for part in ("Slope", "Intercept")]
        headers = _by_patient(root / "Patients_metadata.csv", *needed)
        found, others = _found(root)
        for path in others:
            detail = "neither covid1/patientN/SR_k/*.tif nor *covid_patientN_SR_k_IM*.tif"
            yield Rejected(path, "unexpected_file", detail)
        for (patient, series), files in sorted(found.items()):
            yield self._scan(patient, series, files, people, headers)
        for patient, series in _expected(headers):
            if (patient, series) not in found:
                path = f"{patient}/{series}"
                yield Rejected(path, "missing", "listed in Patients_metadata.csv, not on disk")

    def _scan(
        self,
        patient: str,
        series: str,
        files: _Files,
        people: Mapping[str, _Row],
        headers: Mapping[str, _Row],
    ) -> Scan | Rejected:
        person = people.get(patient)
        if person is None:
            return Rejected(files.at, "not_listed", "Patient_details.csv has no such patient")
        infection = person["COVID-19 Infection"]
        if infection != _INFECTION[files.folder]:
            detail = f"Patient_details.csv says {infection!r}, the name says {files.folder}"
            return Rejected(files.at, "label_conflict", detail)
        return Scan(
            name=f"{patient}/{series}",
            path=files.at,
            patient=patient,
            label=int(infection == "Positive"),
            category=files.folder,
            source=self._source(files, _Header(headers.get(patient, {}), series)),
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
        return float(self.text(name)) if self.text(name) else None

    def spacing_mm(self) -> SpacingMm:
        """Return the pixel spacing, and the slice thickness for want of a distance."""
        written = self.text("PixelSpacing")
        dy, dx = json.loads(written) if written else (NAN, NAN)
        thickness = self.number("SliceThickness")
        return (NAN if thickness is None else thickness, float(dy), float(dx))

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


def _found(root: Path) -> tuple[dict[tuple[str, str], _Files], list[str]]:
    others: list[str] = []
    found: dict[tuple[str, str], _Files] = {}
    for path in sorted(root.rglob("*.tif*")):
        if path.name.startswith("."):
            continue
        relative = path.relative_to(root)
        nested = [_NESTED.match(part) for part in relative.parts[:-3]]
        flat = _FLAT.search(path.name)
        if flat:
            folder, key = flat[1].lower(), (flat[2], flat[3])
            at = (relative.parent / path.name[: flat.end() - 1]).as_posix()
        elif nested and nested[-1]:
            folder, key = nested[-1][1], (relative.parts[-3], relative.parts[-2])
            at = relative.parent.as_posix()
        else:
            others.append(relative.as_posix())
            continue
        found.setdefault(key, _Files(folder, at)).files.append(path)
    return found, others
