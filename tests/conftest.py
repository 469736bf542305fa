"""Tiny sites in every published layout, written without the code under test."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import openpyxl
import pandas as pd
import pydicom
import pytest
from hypothesis import settings
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset

# speed is for the benchmarks: a busy machine must not fail a property
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


def thorax(slices: int = 5, rows: int = 16, columns: int = 12, seed: int = 0) -> np.ndarray:
    """HU of nothing in particular [z, y, x], every voxel telling its place and its seed."""
    rng = np.random.default_rng(seed)
    hu = rng.integers(-1000, 400, (slices, rows, columns))
    hu[:, 0, 0] = np.arange(slices) * 10 - 1000
    return hu.astype(np.int16)


@dataclass
class DicomSeries:
    """What is written to the headers of one series."""

    uid: str = "1.2.826.1"
    study: str = "1.2.826.2"
    patient: str = "PATIENT-SECRET-1"
    orientation: tuple[float, ...] = AXIAL
    spacing_mm: tuple[float, float, float] = (2.5, 0.7, 0.8)
    origin_mm: tuple[float, float, float] = (-100.0, -120.0, -300.0)
    rescale: tuple[float, float] | None = (1.0, -1024.0)
    syntax: str = pydicom.uid.ExplicitVRLittleEndian
    tags: dict[str, Any] = field(default_factory=dict)


def write_dicom(folder: Path, hu: np.ndarray, series: DicomSeries | None = None) -> list[Path]:
    """Write [slice along the normal, row, column]; file names and InstanceNumber are misleading."""
    series = series or DicomSeries()
    folder.mkdir(parents=True, exist_ok=True)
    row, column = np.array(series.orientation[:3]), np.array(series.orientation[3:])
    normal = np.cross(row, column)
    shuffled = np.random.default_rng(len(hu)).permutation(len(hu))
    paths = []
    for index, values in enumerate(hu):
        path = folder / f"file{shuffled[index]:03d}"
        data = FileDataset(path, {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
        data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = CT_IMAGE_STORAGE
        data.SOPInstanceUID = f"{series.uid}.{index + 1}"
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.StudyInstanceUID, data.SeriesInstanceUID = series.study, series.uid
        data.PatientID, data.PatientName, data.Modality = series.patient, "NAME^SECRET", "CT"
        data.PatientBirthDate, data.AccessionNumber = "19670407", "ACC-SECRET"
        data.PatientSex, data.PatientAge = "F", "053Y"
        data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        data.InstanceNumber = int(shuffled[-1 - index]) + 1
        place = np.array(series.origin_mm) + normal * series.spacing_mm[0] * index
        data.ImagePositionPatient = [f"{value:.4f}" for value in place]
        data.ImageOrientationPatient = list(series.orientation)
        data.PixelSpacing = list(series.spacing_mm[1:])
        data.Rows, data.Columns = values.shape
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
        data.PixelRepresentation = 0
        data.Manufacturer, data.ConvolutionKernel = "SIEMENS", "B70s"
        intercept = -1024.0
        if series.rescale:
            data.RescaleSlope, data.RescaleIntercept = series.rescale
            intercept = series.rescale[1]
        for name, value in series.tags.items():
            setattr(data, name, value)
        stored = np.rint((values - intercept) / (series.rescale or (1.0, 0.0))[0])
        data.PixelData = stored.astype("<u2").tobytes()
        if series.syntax != pydicom.uid.ExplicitVRLittleEndian:
            data.compress(series.syntax, generate_instance_uid=False)
        data.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def dicom_series(root: Path) -> None:
    rows = []
    for number in range(4):
        series = DicomSeries(
            uid=f"1.2.826.{number}.1", study=f"1.2.826.{number}", patient=f"P{number // 2}"
        )
        write_dicom(root / "deep" / f"folder{number}", thorax(seed=number), series)
        rows.append((series.study, series.patient, number // 2, "control", "F", 40 + number))
    columns = ["study", "patient", "label", "category", "sex", "age"]
    pd.DataFrame(rows, columns=columns).to_csv(root / "label.csv", index=False)


def cc_ccii(root: Path) -> None:
    scans = [("NCP", "7", "100"), ("NCP", "7", "101"), ("CP", "8", "102"), ("Normal", "9", "103")]
    for number, (category, patient, scan) in enumerate(scans):
        folder = root / category / patient / scan
        folder.mkdir(parents=True)
        grey = (thorax(12, seed=number) + 1000) // 6
        for index, one in enumerate(grey):
            Image.fromarray(one.astype(np.uint8)).save(folder / f"{index:04d}.png")
    listed = [("x.zip", patient, scan, category, 12) for category, patient, scan in scans]
    columns = ["zip_file", "patient_id", "scan_id", "label", "n_slice"]
    pd.DataFrame(listed, columns=columns).to_csv(root / "unzip_filenames.csv", index=False)
    people = pd.DataFrame([("7", 60, "Male"), ("8", 51, "Female")])
    people.columns = ["patient_id", "Age", "Sex(Male/Female)"]
    people.to_csv(root / "metadata.csv", index=False)


def covid_ctset(root: Path) -> None:
    details, headers = [], []
    for number, (kind, infection) in enumerate([("covid1", "Positive"), ("normal2", "Negative")]):
        patient = f"patient{number + 1}"
        header = {"Patient ID": patient}
        for series in ("SR_2", "SR_3", "SR_4"):
            for name, value in {
                "BitsStored": "12",
                "ConvolutionKernel": "B70s",
                "ImageComments": "WITHOUT CONTRAST",
                "Manufacturer": "SIEMENS",
                "PixelSpacing": "[0.75, 0.75]",
                "RescaleIntercept": "-1024",
                "RescaleSlope": "1",
                "SliceThickness": "6",
            }.items():
                header[f"{series} {name}"] = value
            stored = (thorax(11, seed=number) + 1024).astype(np.uint16)
            folder = root / kind / patient / series if number else root
            folder.mkdir(parents=True, exist_ok=True)
            prefix = "" if number else f"137{kind[:-1]}_{patient}_{series}_"
            for index, one in enumerate(stored):
                Image.fromarray(one).save(folder / f"{prefix}IM{index + 1:05d}.tif")
        details.append((patient, "F", "053Y", infection))
        headers.append(header)
    columns = ["Patient ID", "SEX", "AGE", "COVID-19 Infection"]
    pd.DataFrame(details, columns=columns).to_csv(root / "Patient_details.csv", index=False)
    pd.DataFrame(headers).to_csv(root / "Patients_metadata.csv", index=False)


def mosmed(root: Path) -> None:
    for number, category in enumerate(["CT-0", "CT-1", "CT-2"]):
        folder = root / "studies" / category
        folder.mkdir(parents=True)
        # stored from the patient's left to the right, the affine says so
        affine = np.diag([-0.7, 0.7, 8.0, 1.0])
        image = nibabel.Nifti1Image(thorax(seed=number).transpose(2, 1, 0), affine)
        nibabel.save(image, folder / f"study_{number + 1:04d}.nii.gz")


def sars_cov_2_ct(root: Path) -> None:
    for folder, stem, mode in [("COVID", "Covid", "RGB"), ("non-COVID", "Non-Covid", "RGBA")]:
        (root / folder).mkdir(parents=True)
        for number in range(1, 12):
            image = Image.fromarray(((thorax(1, 30, 40, number)[0] + 1000) // 6).astype(np.uint8))
            image.convert(mode).save(root / folder / f"{stem} ({number}).png")


def covid_ct(root: Path) -> None:
    positive = ["a-p3-89%0.png", "a-p3-89%1.png", "b_2.png"]
    negative = ["0.jpg", "1%0.jpg", "1%1.png"]
    for folder, names in [("CT_COVID", positive), ("CT_NonCOVID", negative)]:
        (root / folder).mkdir(parents=True)
        for number, name in enumerate(names):
            grey = ((thorax(1, 30, 40, number)[0] + 1000) // 6).astype(np.uint8)
            Image.fromarray(grey).save(root / folder / name)
    book = openpyxl.Workbook()
    book.active.append(["File name", "Patient ID", "Age", "Gender"])
    book.active.append(["a-p3-89%0", "Patient 1", 41, "M "])
    book.active.append(["a-p3-89%1.png", "Patient 1", 41, "M"])
    book.active.append([" B_2 ", "Patient 2", "Young Child", None])
    book.active.append([None, None, None, None])
    book.save(root / "COVID-CT-MetaInfo.xlsx")
    patients = ["crawled_patient_0", "crawled_patient_1", "crawled_patient_1"]
    table = pd.DataFrame({"image name": negative, "patient id": patients})
    table.to_csv(root / "NonCOVID-CT-MetaInfo.csv")


SITES: dict[str, Callable[[Path], None]] = {
    "cc_ccii": cc_ccii,
    "covid_ct": covid_ct,
    "covid_ctset": covid_ctset,
    "dicom_series": dicom_series,
    "mosmed": mosmed,
    "sars_cov_2_ct": sars_cov_2_ct,
}


@pytest.fixture
def series_of() -> type[DicomSeries]:
    return DicomSeries


@pytest.fixture(name="write_dicom")
def _write_dicom() -> Callable[..., list[Path]]:
    return write_dicom


@pytest.fixture(name="thorax")
def _thorax() -> Callable[..., np.ndarray]:
    return thorax


@pytest.fixture
def published(tmp_path: Path) -> Callable[[str], Path]:
    """Write a tiny site in a layout and return its folder."""

    def write(layout: str) -> Path:
        root = tmp_path / "raw" / layout
        root.mkdir(parents=True)
        SITES[layout](root)
        return root

    return write


@pytest.fixture
def real() -> Callable[[str], Path]:
    """Return the folder of a real data set below $ELSEWHERE_REAL_DATA."""
    top = os.environ.get("ELSEWHERE_REAL_DATA")
    if not top:
        pytest.skip("ELSEWHERE_REAL_DATA does not name a folder of real images")
    return Path(top).joinpath
