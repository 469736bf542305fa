"""mimic_cxr_jpg: write a synthetic site like MIMIC-CXR-JPG 2.0.0: images, three tables (B-04)."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from elsewhere.design.phantoms.mimic_cxr_jpg import MimicCxrJpg
from elsewhere.phantom import pictures, radiography, reports
from elsewhere.phantom.projection import View
from elsewhere.phantom.radiograph_cohort import Patient, Study

COLUMNS = {
    "chexpert": ("subject_id", "study_id", *sorted(reports.LABELS)),
    "split": ("dicom_id", "study_id", "subject_id", "split"),
    "metadata": (
        "dicom_id",
        "subject_id",
        "study_id",
        "PerformedProcedureStepDescription",
        "ViewPosition",
        "Rows",
        "Columns",
        "StudyDate",
        "StudyTime",
        "ProcedureCodeSequence_CodeMeaning",
        "ViewCodeSequence_CodeMeaning",
        "PatientOrientationCodeSequence_CodeMeaning",
    ),
}
VIEWS: dict[View, str] = {
    "PA": "postero-anterior",
    "AP": "antero-posterior",
    "LATERAL": "lateral",
}
FIRST_DAY, DAYS = date(2110, 1, 1), 36500  # the publisher shifts dates into the future
Line = tuple[object, ...]


@dataclass(frozen=True)
class _Key:
    """The keys of a study: subject, study number and the subject's part of the split."""

    subject: int
    study: int
    part: str

    @property
    def folder(self) -> str:
        return f"files/p{str(self.subject)[:2]}/p{self.subject}/s{self.study}"


def write(folder: Path, row: MimicCxrJpg, patients: Iterable[Patient]) -> int:
    """Write images and tables; return the number of images."""
    rng = np.random.default_rng([row.seed, 0])
    most = row.patients * row.studies_per_patient[1]
    subjects = rng.choice(10_000_000, size=row.patients, replace=False) + 10_000_000
    studies = iter(rng.choice(10_000_000, size=most, replace=False) + 50_000_000)
    tables: dict[str, list[Line]] = {name: [] for name in COLUMNS}
    for patient in patients:
        stream = np.random.default_rng([*patient.seed, 3])
        part, first = _part(row, stream), FIRST_DAY + timedelta(int(stream.integers(DAYS)))
        for study in patient.studies:
            key = _Key(int(subjects[patient.number - 1]), int(next(studies)), part)
            rng = np.random.default_rng([*patient.seed, 3, study.number])
            labels = reports.from_report(
                study.findings, row.findings, rng, device=patient.pacemaker
            )
            values = [labels[name] for name in COLUMNS["chexpert"][2:]]
            tables["chexpert"].append((key.subject, key.study, *values))
            when = _when(first, study, rng)
            for image in _take(patient, study, row, rng):
                dicom = _save(image, folder / key.folder, rng)
                tables["split"].append((dicom, key.study, key.subject, part))
                unnamed = rng.random() < row.unnamed_view
                metadata = _metadata(image, when, unnamed=unnamed)
                tables["metadata"].append((dicom, key.subject, key.study, *metadata))
    for name, columns in COLUMNS.items():
        frame = pd.DataFrame(tables[name], columns=list(columns))
        _write_gz(folder / f"mimic-cxr-2.0.0-{name}.csv.gz", frame)
    return len(tables["metadata"])


def _part(row: MimicCxrJpg, rng: np.random.Generator) -> str:
    draw = rng.random()
    if draw < row.test:
        return "test"
    return "validate" if draw < row.test + row.validation else "train"


def _when(first: date, study: Study, rng: np.random.Generator) -> tuple[int, float]:
    """Return the date as YYYYMMDD and the time as HHMMSS.mmm; studies are about a month apart."""
    day = first + timedelta(30 * (study.number - 1) + int(rng.integers(20)))
    hour, minute, second = (int(rng.integers(most)) for most in (24, 60, 60))
    return int(day.strftime("%Y%m%d")), hour * 10000 + minute * 100 + second + 0.5


def _take(
    patient: Patient, study: Study, row: MimicCxrJpg, rng: np.random.Generator
) -> list[radiography.Radiograph]:
    lateral = bool(rng.random() < row.lateral)
    return radiography.take(patient, study, row.radiography, lateral=lateral)


def _save(image: radiography.Radiograph, folder: Path, rng: np.random.Generator) -> str:
    """Write an image; return its dicom_id, 40 hexadecimal digits in five groups."""
    digits = rng.bytes(20).hex()
    dicom = "-".join(digits[at : at + 8] for at in range(0, 40, 8))
    folder.mkdir(parents=True, exist_ok=True)
    pictures.save(image.grey, folder / f"{dicom}.jpg", mode="L")
    return dicom


def _metadata(image: radiography.Radiograph, when: tuple[int, float], *, unnamed: bool) -> Line:
    procedure = "CHEST (PORTABLE AP)" if image.view == "AP" else "CHEST (PA AND LAT)"
    position = "Recumbent" if image.view == "AP" else "Erect"
    view = None if unnamed else image.view
    meaning = None if unnamed else VIEWS[image.view]
    return (procedure, view, *image.grey.shape, *when, procedure, meaning, position)


def _write_gz(path: Path, frame: pd.DataFrame) -> None:
    """Write a gzipped table without a time stamp, so that the same table gives the same bytes."""
    text = frame.to_csv(index=False, lineterminator="\n").encode()
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
        packed.write(text)
