"""covid_ctset: write a synthetic site like COVID-CTset: 16-bit TIFF slices, three series.

It imitates the confounding in the publisher's own table: 28 % of the controls but 8 % of the
positives were scanned with the deep-inspiration protocol, and positives with a lower dose. There
are no hard negatives (A-76).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from elsewhere.design.phantoms.covid_ctset import CovidCtset
from elsewhere.phantom import physics, pictures, scanner
from elsewhere.phantom.cohort import Patient

SERIES = (2, 3, 4)
FIELDS = (
    "AcquisitionDate",
    "BitsAllocated",
    "BitsStored",
    "BodyPartExamined",
    "CTDIvol",
    "Columns",
    "ContentDate",
    "ContentTime",
    "ConvolutionKernel",
    "DataCollectionCenterPatient",
    "DataCollectionDiameter",
    "DateOfLastCalibration",
    "DeviceSerialNumber",
    "DistanceSourceToDetector",
    "DistanceSourceToPatient",
    "EstimatedDoseSaving",
    "Exposure",
    "ExposureModulationType",
    "ExposureTime",
    "FilterType",
    "FocalSpots",
    "FrameOfReferenceUID",
    "GantryDetectorTilt",
    "GeneratorPower",
    "HighBit",
    "ImageComments",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "ImageType",
    "InstanceNumber",
    "KVP",
    "LargestImagePixelValue",
    "LossyImageCompression",
    "Manufacturer",
    "ManufacturerModelName",
    "Modality",
    "PatientAge",
    "PatientBirthDate",
    "PatientPosition",
    "PatientSex",
    "PhotometricInterpretation",
    "PixelRepresentation",
    "PixelSpacing",
    "PositionReferenceIndicator",
    "ProtocolName",
    "ReconstructionDiameter",
    "ReconstructionTargetCenterPatient",
    "RescaleIntercept",
    "RescaleSlope",
    "RotationDirection",
    "Rows",
    "SOPClassUID",
    "SOPInstanceUID",
    "SamplesPerPixel",
    "SeriesDate",
    "SeriesDescription",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesTime",
    "SingleCollimationWidth",
    "SliceLocation",
    "SliceThickness",
    "SmallestImagePixelValue",
    "SoftwareVersions",
    "SpecificCharacterSet",
    "SpiralPitchFactor",
    "StationName",
    "StudyDate",
    "StudyInstanceUID",
    "StudyTime",
    "TableFeedPerRotation",
    "TableHeight",
    "TableSpeed",
    "TimeOfLastCalibration",
    "TotalCollimationWidth",
    "WindowCenter",
    "WindowCenterWidthExplanation",
    "WindowWidth",
    "XRayTubeCurrent",
)
DATE = "20200401"


def write(folder: Path, row: CovidCtset, patients: Iterable[Patient]) -> int:
    """Write three series per patient, head first, and two tables; return the number of scans."""
    details, metadata = [], []
    for patient in patients:
        exposures = {
            series: scanner.volume(patient, row, number=at) for at, series in enumerate(SERIES)
        }
        group = "covid1" if patient.label else "normal1"
        for series, exposure in exposures.items():
            _write_series(folder / group / f"patient{patient.number}" / f"SR_{series}", exposure)
        details.append(_detail(patient, exposures))
        metadata.append(_metadata(patient, exposures))
    for rows, name in ((details, "Patient_details.csv"), (metadata, "Patients_metadata.csv")):
        pd.DataFrame(rows).to_csv(folder / name, index=False, lineterminator="\n")
    return len(details) * len(SERIES)


def _write_series(folder: Path, exposure: scanner.Exposure) -> None:
    folder.mkdir(parents=True)
    for at, plane in enumerate(physics.to_ct_number(exposure.hu)[::-1], start=1):
        pictures.save_tiff(plane, folder / f"IM{at:05d}.tif")


def _detail(patient: Patient, exposures: dict[int, scanner.Exposure]) -> dict[str, object]:
    detail: dict[str, object] = {
        "Patient ID": f"patient{patient.number}",
        "SEX": patient.sex,
        "AGE": f"{patient.age:03d}Y",
        "Date": DATE,
        "COVID-19 Infection": "Positive" if patient.label else "Negative",
    }
    for series, exposure in exposures.items():
        thickness = exposure.shot.reconstruction.thickness_mm
        detail[f"SR_{series} Folder thickness(mm)"] = f"{thickness:g}"
    return detail


def _metadata(patient: Patient, exposures: dict[int, scanner.Exposure]) -> dict[str, object]:
    fields_of = {series: _fields(patient, series, item) for series, item in exposures.items()}
    columns: dict[str, object] = {"Patient ID": f"patient{patient.number}"}
    for field in FIELDS:
        for series in SERIES:
            columns[f"SR_{series} {field}"] = fields_of[series].get(field, "")
    return columns


def _fields(patient: Patient, series: int, exposure: scanner.Exposure) -> dict[str, object]:
    shot, grid = exposure.shot, exposure.grid
    recon = shot.reconstruction
    corner = [-(side - 1) / 2 * grid.spacing_mm[1] for side in grid.shape[:0:-1]]
    top = float(grid.z[-1])
    return {
        "AcquisitionDate": DATE,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "BodyPartExamined": "CHEST",
        "Columns": grid.shape[2],
        "ConvolutionKernel": recon.kernel,
        "HighBit": 11,
        "ImageComments": "WITHOUT CONTRAST; synthetic phantom",
        "ImageOrientationPatient": "[1, 0, 0, 0, 1, 0]",
        "ImagePositionPatient": f"[{corner[0]:.3f}, {corner[1]:.3f}, {top:.3f}]",
        "ImageType": "['DERIVED', 'SECONDARY', 'AXIAL', 'SYNTHETIC']",
        "InstanceNumber": 1,
        "KVP": 110,
        "Manufacturer": recon.manufacturer,
        "ManufacturerModelName": "synthetic phantom",
        "Modality": "CT",
        "PatientAge": f"{patient.age:03d}Y",
        "PatientPosition": "HFS",
        "PatientSex": patient.sex,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelRepresentation": 0,
        "PixelSpacing": f"[{grid.spacing_mm[1]:.6f}, {grid.spacing_mm[2]:.6f}]",
        "ReconstructionDiameter": f"{shot.field_of_view_mm:.0f}",
        "RescaleIntercept": -physics.CT_NUMBER_OFFSET,
        "RescaleSlope": 1,
        "Rows": grid.shape[1],
        "SamplesPerPixel": 1,
        "SeriesNumber": series,
        "SliceLocation": f"{top:.3f}",
        "SliceThickness": f"{recon.thickness_mm:g}",
        "StudyDate": DATE,
    }
