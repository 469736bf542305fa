"""dicom_series: write a synthetic site as folders of DICOM files, one per study, and label.csv.

Attributes follow the CT Image IOD, DICOM PS3.3 A.3. The files have the difficulties of real
folders: file names without order, an unusable *Instance Number* (0020,0013) in half of the series,
two manufacturers with different pixel representations, four transfer syntaxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
    generate_uid,
)

from elsewhere.design.phantoms.dicom_series import DicomSite
from elsewhere.phantom import outlines, physics, scanner
from elsewhere.phantom.cohort import Patient
from elsewhere.phantom.mark import MARK, MASKS

SYNTAXES = (ExplicitVRLittleEndian, JPEG2000Lossless, ImplicitVRLittleEndian, RLELossless)
ENCODERS: Mapping[str, str] = {JPEG2000Lossless: "pylibjpeg", RLELossless: "gdcm"}
INTERCEPT = -1024
GE_PADDING_HU = -2000
GE = "GE MEDICAL SYSTEMS"
TABLE_MM = -700.0  # where the lungs begin on the table


@dataclass(frozen=True)
class _Series:
    """One scan, and the folder for its files."""

    patient: Patient
    exposure: scanner.Exposure
    folder: Path


def write(folder: Path, row: DicomSite, patients: Iterable[Patient]) -> int:
    """Write one study per patient and ``label.csv``; return the number of scans."""
    labels = []
    for patient in patients:
        exposure = scanner.volume(patient, row, number=0)
        code = int(np.random.default_rng([*patient.seed, 3]).integers(16**6))
        series = _Series(patient, exposure, folder / f"study-{patient.number:04d}-{code:06x}")
        labels.append(_label(patient, _write_series(series)))
        if row.masks and exposure.lesion.any():
            outlines.write(
                exposure,
                folder / MASKS / f"{_uid(patient, 'series')}.nii.gz",
                corner_mm=_corner_mm(exposure),
            )
    table = pd.DataFrame(labels).dropna(axis=1, how="all")
    table.to_csv(folder / "label.csv", index=False, lineterminator="\n")
    if row.readers:
        readings = pd.DataFrame(_readings(row, labels))
        readings.to_csv(folder / "readers.csv", index=False, lineterminator="\n")
    return len(labels)


def _readings(row: DicomSite, labels: list[dict[str, str | int | None]]) -> list[dict[str, object]]:
    """Let each reader call each study; a wrong call is any other class of the site."""
    words = sorted({str(label["label"]) for label in labels})
    readings: list[dict[str, object]] = []
    for number, reader in enumerate(row.readers, 1):
        rng = np.random.default_rng([row.seed, 7, number])
        for label in labels:
            others = [word for word in words if word != str(label["label"])]
            wrong = bool(others) and rng.uniform() >= reader.right
            called = others[int(rng.integers(len(others)))] if wrong else str(label["label"])
            about = {"study": label["study"], "reader": number, "years": reader.years}
            readings.append({**about, "class": called})
    return readings


def _label(patient: Patient, study: str) -> dict[str, str | int | None]:
    word = patient.findings.word
    return {
        "study": study,
        "patient": _patient_id(patient),
        "label": patient.label if word is None else word,
        "category": patient.category if word is None else None,
        "severity": patient.findings.severity,
        "sex": patient.sex,
        "age": patient.age,
    }


def _patient_id(patient: Patient) -> str:
    return f"SYN{patient.seed[0]:04d}-{patient.number:04d}"


def _uid(patient: Patient, *parts: object) -> str:
    words = ["elsewhere", *patient.seed, *parts]
    return str(generate_uid(entropy_srcs=[str(word) for word in words]))


def _write_series(series: _Series) -> str:
    """Write the slices of a study under random names; return its StudyInstanceUID."""
    series.folder.mkdir(parents=True)
    patient, exposure = series.patient, series.exposure
    rng = np.random.default_rng([*patient.seed, 4])
    common, stored = _common(series), _stored(exposure)
    names = rng.permutation(len(stored))
    numbers = _instance_numbers(patient, len(stored), rng)
    corner = _corner_mm(exposure)
    for at, pixels in enumerate(stored):
        item = Dataset(common)
        item.SOPInstanceUID = _uid(patient, "slice", at)
        item.InstanceNumber = int(numbers[at])
        height = f"{float(exposure.grid.z[at]) + TABLE_MM:.3f}"
        item.ImagePositionPatient = [f"{corner[0]:.3f}", f"{corner[1]:.3f}", height]
        item.SliceLocation = height
        _save(item, pixels, series.folder / f"{names[at]:08d}.dcm", SYNTAXES[patient.number % 4])
    return str(common.StudyInstanceUID)


def _corner_mm(exposure: scanner.Exposure) -> tuple[float, float, float]:
    """Return where the first voxel lies: x, y, z (LPS)."""
    rows, columns = exposure.grid.shape[1:]
    x, y = (-(side - 1) / 2 * exposure.grid.spacing_mm[1] for side in (columns, rows))
    return x, y, float(exposure.grid.z[0]) + TABLE_MM


def _instance_numbers(patient: Patient, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Number slices from feet, from head, at random or all 0; only positions give the order."""
    ascending = np.arange(1, count + 1)
    choices = (ascending, ascending[::-1], rng.permutation(ascending), np.zeros(count, int))
    return choices[(patient.number // 4) % 4]


def _stored(exposure: scanner.Exposure) -> NDArray[np.int16] | NDArray[np.uint16]:
    """Return stored values [z, y, x]: GE signed, padded outside the circle; the other 12-bit."""
    if exposure.shot.reconstruction.manufacturer != GE:
        return physics.to_ct_number(exposure.hu)
    hu = physics.to_hu(exposure.hu)
    hu[:, physics.outside_circle(exposure.grid)] = GE_PADDING_HU
    return (hu - INTERCEPT).astype(np.int16)


def _common(series: _Series) -> Dataset:
    """Return the attributes that all slices of the series share."""
    common = Dataset()
    common.SpecificCharacterSet = "ISO_IR 100"
    common.SOPClassUID = CTImageStorage
    _describe_patient(common, series.patient)
    _describe_study(common, series.patient)
    _describe_scan(common, series.exposure.shot)
    _describe_pixels(common, series.exposure)
    return common


def _describe_patient(common: Dataset, patient: Patient) -> None:
    common.PatientName = "SYNTHETIC"
    common.PatientID = _patient_id(patient)
    common.PatientBirthDate = ""
    common.PatientSex = patient.sex
    common.PatientAge = f"{patient.age:03d}Y"
    common.PatientIdentityRemoved = "YES"
    common.DeidentificationMethod = MARK


def _describe_study(common: Dataset, patient: Patient) -> None:
    common.StudyDate = common.SeriesDate = _date(patient)
    common.StudyTime = common.SeriesTime = "120000"
    common.AccessionNumber = ""
    common.InstitutionName = MARK
    common.StudyDescription = common.SeriesDescription = MARK
    common.ImageComments = MARK
    common.StudyInstanceUID = _uid(patient, "study")
    common.SeriesInstanceUID = _uid(patient, "series")
    common.FrameOfReferenceUID = _uid(patient, "frame")
    common.StudyID = f"{patient.number}"
    common.SeriesNumber = 2


def _describe_scan(common: Dataset, shot: physics.Shot) -> None:
    common.Modality = "CT"
    common.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    common.Manufacturer = shot.reconstruction.manufacturer
    common.ManufacturerModelName = "synthetic phantom"
    common.BodyPartExamined = "CHEST"
    common.PatientPosition = "HFS"
    common.KVP = "120"
    common.ConvolutionKernel = shot.reconstruction.kernel
    common.SliceThickness = f"{shot.reconstruction.thickness_mm:g}"
    common.ReconstructionDiameter = f"{shot.field_of_view_mm:.3f}"
    if shot.enhancement_hu > 0:
        common.ContrastBolusAgent = "synthetic contrast agent"


def _describe_pixels(common: Dataset, exposure: scanner.Exposure) -> None:
    signed = exposure.shot.reconstruction.manufacturer == GE
    common.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    common.PixelSpacing = [f"{spacing:.6f}" for spacing in exposure.grid.spacing_mm[1:]]
    common.Rows, common.Columns = exposure.grid.shape[1:]
    common.SamplesPerPixel = 1
    common.PhotometricInterpretation = "MONOCHROME2"
    common.BitsAllocated = 16
    common.BitsStored = 16 if signed else 12
    common.HighBit = common.BitsStored - 1
    common.PixelRepresentation = int(signed)
    common.RescaleIntercept, common.RescaleSlope = INTERCEPT, 1
    common.RescaleType = "HU"
    if signed:
        common.add_new("PixelPaddingValue", "SS", GE_PADDING_HU - INTERCEPT)
    common.WindowCenter, common.WindowWidth = "-600", "1500"


def _date(patient: Patient) -> str:
    """Return the date: positives March to November 2020, controls March to May 2019 (A-03)."""
    positive = patient.findings.positive
    months = (3, 9) if positive else (3, 3)
    month = months[0] + patient.number % months[1]
    return f"{2020 if positive else 2019}{month:02d}{1 + patient.number % 28:02d}"


def _save(item: Dataset, pixels: NDArray[np.integer], path: Path, syntax: str) -> None:
    item.file_meta = FileMetaDataset()
    item.file_meta.MediaStorageSOPClassUID = item.SOPClassUID
    item.file_meta.MediaStorageSOPInstanceUID = item.SOPInstanceUID
    implicit = syntax == ImplicitVRLittleEndian
    item.file_meta.TransferSyntaxUID = (
        ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    )
    item.add_new("PixelData", "OW", pixels.tobytes())
    if syntax in ENCODERS:
        item.compress(syntax, encoding_plugin=ENCODERS[syntax], generate_instance_uid=False)
    item.save_as(path, enforce_file_format=True)
