"""series: DICOM files to series, told by content and sorted by position in the patient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import pydicom.config

from elsewhere.imaging.volume import Unusable

# pydicom's warnings quote the values that break a rule: names and identifiers in a log
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

_PREAMBLE = 128
# an explicit or implicit little-endian data set without preamble starts with group 0002 or 0008
_BARE_STARTS = (b"\x02\x00", b"\x08\x00")
_HEADER_TAGS = [
    "AccessionNumber",
    "Columns",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "ImageType",
    "Modality",
    "PatientAge",
    "PatientID",
    "PatientSex",
    "PixelSpacing",
    "Rows",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
]
# PS3.3 C.7.6.2.1.1 gives cosines to any precision; real headers are rounded to 4-6 places
_COSINE_TOLERANCE = 1e-3
_SAME_PLACE_MM = 0.01
_MIN_AXIAL_COSINE = 0.85  # a gantry tilts by at most 30 degrees


@dataclass(frozen=True)
class Header:
    """What sorts and labels one DICOM file; no pixel.

    Attributes
    ----------
    position_mm
        *Image Position (Patient)* (0020,0032), None if absent.
    orientation
        *Image Orientation (Patient)* (0020,0037): row cosines, then column cosines.
    pixel_spacing_mm
        *Pixel Spacing* (0028,0030): between rows, between columns.
    """

    path: Path
    series: str
    study: str
    accession: str
    patient: str
    sex: str
    age: str
    instance: str
    modality: str
    image_type: tuple[str, ...]
    shape: tuple[int, int]
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel_spacing_mm: tuple[float, ...] | None


@dataclass(frozen=True)
class Series:
    """One volume's files.

    Attributes
    ----------
    headers
        In the direction of the slice normal.
    normal
        Unit vector, row direction x column direction.
    spacing_mm
        (dz, dy, dx): dz is the distance of neighbours along the normal.
    """

    headers: tuple[Header, ...]
    normal: npt.NDArray[np.float64]
    spacing_mm: tuple[float, float, float]


def is_dicom(path: Path) -> bool:
    """Tell a DICOM file by its content: the prefix of PS3.10 7.1, or a bare data set."""
    with path.open("rb") as file:
        start = file.read(_PREAMBLE + 4)
    return start[_PREAMBLE:] == b"DICM" or (
        start[:2] in _BARE_STARTS and start[2:4] in (b"\x00\x00", b"\x05\x00", b"\x08\x00")
    )


def header(path: Path) -> Header:
    """Read the header of a DICOM file.

    Raises
    ------
    pydicom.errors.InvalidDicomError, KeyError, ValueError
        If the file is damaged.
    """
    return described(
        pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=_HEADER_TAGS), path
    )


def described(found: pydicom.Dataset, path: Path) -> Header:
    """Return what sorts and labels a data set that was read from `path`."""

    def text(name: str) -> str:
        return str(found.get(name) or "").strip()

    return Header(
        path=path,
        series=text("SeriesInstanceUID"),
        study=text("StudyInstanceUID"),
        accession=text("AccessionNumber"),
        patient=text("PatientID"),
        sex=text("PatientSex"),
        age=text("PatientAge"),
        instance=text("SOPInstanceUID"),
        modality=text("Modality"),
        image_type=tuple(str(part) for part in _values(found, "ImageType") or ()),
        shape=(int(found.get("Rows") or 0), int(found.get("Columns") or 0)),
        position_mm=_numbers(found, "ImagePositionPatient", 3),
        orientation=_numbers(found, "ImageOrientationPatient", 6),
        pixel_spacing_mm=_numbers(found, "PixelSpacing", 2),
    )


def _values(dataset: pydicom.Dataset, name: str) -> list[Any] | None:
    value = dataset.get(name)
    if value is None or value == "":
        return None
    return [value] if isinstance(value, str) else list(value)


def _numbers(dataset: pydicom.Dataset, name: str, count: int) -> tuple[float, ...] | None:
    values = _values(dataset, name)
    if values is None or len(values) != count:
        return None
    return tuple(float(value) for value in values)


def found(root: Path) -> Iterator[Header | tuple[Path, str]]:
    """Yield the header of every DICOM file below a folder, in the order of their paths.

    A file that is DICOM and cannot be read gives its path and the kind of the error.
    """
    for path in sorted(root.rglob("*")):
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            if not is_dicom(path):
                continue
            one = header(path)
        except (
            PermissionError,
            ValueError,
            KeyError,
            AttributeError,
            TypeError,
            EOFError,
        ) as error:
            yield path, type(error).__name__
            continue
        if one.series:
            yield one
        elif path.name != "DICOMDIR":
            yield path, "no SeriesInstanceUID"


def grouped(headers: Sequence[Header]) -> dict[str, list[Header]]:
    """Return the headers of every *Series Instance UID* (0020,000E), in the order of the UIDs."""
    by_series = sorted(headers, key=lambda one: (one.series, str(one.path)))
    return {uid: list(group) for uid, group in groupby(by_series, key=lambda one: one.series)}


def ordered(headers: Sequence[Header]) -> Series:
    """Sort one series by position along the slice normal, never by number or name.

    Parameters
    ----------
    headers
        Files of one *Series Instance UID*; localizers among them are left out, copies of one
        *SOP Instance UID* (0008,0018) count once.

    Raises
    ------
    Unusable
        `not_ct`, `localizer`, `no_geometry`, `mixed_geometry`, `not_axial`, `single_slice`,
        `duplicate_position`, `gap` or `uneven_spacing`.
    """
    kept = _images(headers)
    rows, columns, pixel_spacing = _geometry(kept)
    normal = np.cross(rows, columns)
    if abs(normal[2]) < _MIN_AXIAL_COSINE:
        raise Unusable(
            "not_axial", f"slice normal {np.round(normal, 3).tolist()}, expected (0,0,1)"
        )
    if len(kept) < 2:
        raise Unusable("single_slice", "one slice is no volume")
    places = np.array([np.dot(one.position_mm, normal) for one in kept])  # type: ignore[arg-type]
    order = np.argsort(places, kind="stable")
    distance = _distance(np.diff(places[order]))
    return Series(
        headers=tuple(kept[index] for index in order),
        normal=normal,
        spacing_mm=(distance, *pixel_spacing),
    )


def _images(headers: Sequence[Header]) -> list[Header]:
    modalities = sorted({one.modality for one in headers})
    if modalities != ["CT"]:
        raise Unusable("not_ct", f"modality {modalities}, expected CT")
    once = list({one.instance or str(one.path): one for one in headers}.values())
    kept = [one for one in once if "LOCALIZER" not in one.image_type]
    if not kept:
        raise Unusable("localizer", "every file is a localizer")
    return kept


def _geometry(
    headers: Sequence[Header],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], tuple[float, float]]:
    first = headers[0]
    for one in headers:
        if one.position_mm is None or one.orientation is None or one.pixel_spacing_mm is None:
            raise Unusable("no_geometry", "position, orientation or pixel spacing is missing")
        same = (
            one.shape == first.shape
            and np.allclose(one.orientation, first.orientation, atol=_COSINE_TOLERANCE)  # type: ignore[arg-type]
            and np.allclose(one.pixel_spacing_mm, first.pixel_spacing_mm)  # type: ignore[arg-type]
        )
        if not same:
            raise Unusable("mixed_geometry", "shape, orientation or pixel spacing differ")
    cosines = np.array(first.orientation)
    dy, dx = first.pixel_spacing_mm  # type: ignore[misc]
    return cosines[:3], cosines[3:], (dy, dx)


def _distance(steps: npt.NDArray[np.float64]) -> float:
    median = float(np.median(steps))
    least, most = float(steps.min()), float(steps.max())
    if least < _SAME_PLACE_MM:
        doubled = int((steps < _SAME_PLACE_MM).sum())
        raise Unusable("duplicate_position", f"{doubled} slices lie where another lies")
    if most > 1.5 * least and most > least + 0.2:
        wide = int((steps > 1.5 * least).sum())
        raise Unusable("gap", f"{wide} steps up to {most:.2f} mm among steps of {least:.2f} mm")
    # headers round to a tenth of a millimetre
    if most - least > 0.1 * median + 0.2:
        raise Unusable("uneven_spacing", f"steps from {least:.2f} to {most:.2f} mm")
    return median
