"""covid_ct: write a synthetic site like COVID-CT: images cut from figures, two tables (D-02)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from elsewhere.design.phantoms.covid_ct import CovidCt
from elsewhere.phantom import physics, pictures, scanner, workbook
from elsewhere.phantom.cohort import Patient
from elsewhere.phantom.mark import MARK

MODES: tuple[pictures.Mode, ...] = ("L", "RGB", "RGBA")
POSITIVE_COLUMNS = (
    "File name",
    "Patient ID",
    "Age",
    "Gender",
    "Location",
    "Medical history",
    "Time",
    "Severity",
    "Other diseases",
    "DOI",
    "Captions",
)


def write(folder: Path, row: CovidCt, patients: Iterable[Patient]) -> int:
    """Write the images of both classes and their tables; return the number of images."""
    positive: list[tuple[object, ...]] = []
    negative: list[tuple[str, str]] = []
    for name in ("CT_COVID", "CT_NonCOVID"):
        (folder / name).mkdir()
    for patient in patients:
        for name in _write_images(folder, patient, row):
            if patient.label:
                positive.append(_positive_row(patient, name))
            else:
                negative.append((name, f"crawled_patient_{patient.number}"))
    book = folder / "COVID-CT-MetaInfo.xlsx"
    workbook.write(book, [POSITIVE_COLUMNS, *positive], sheet="positive_captions")
    table = pd.DataFrame(negative, columns=["image name", "patient id"])
    table.to_csv(folder / "NonCOVID-CT-MetaInfo.csv", lineterminator="\n")
    return len(positive) + len(negative)


def _positive_row(patient: Patient, name: str) -> tuple[object, ...]:
    key, caption = f"Patient {patient.number}", f"['{MARK}']"
    return (name, key, patient.age, patient.sex, "synthetic", *[None] * 5, caption)


def _write_images(folder: Path, patient: Patient, row: CovidCt) -> list[str]:
    """Write the images of one patient; several images are panels ``%0``, ``%1`` of one figure."""
    rng = np.random.default_rng([*patient.seed, 3])
    count = int(rng.integers(*row.images_per_patient, endpoint=True))
    stem = f"synthetic-p{patient.number}-7" if patient.label else f"{patient.number}"
    ending = "jpg" if patient.label == 0 and rng.random() < 0.5 else "png"
    names = []
    for number in range(count):
        panel = f"%{number}" if count > 1 else ""
        names.append(f"{stem}{panel}.{ending}")
        exposure = scanner.image(patient, row, number=number)
        grey = physics.to_grey(exposure.hu[0], patient.acquisition.window)
        mode = "L" if ending == "jpg" else MODES[rng.integers(len(MODES))]
        group = "CT_COVID" if patient.label else "CT_NonCOVID"
        pictures.save(grey, folder / group / names[-1], mode=mode)
    return names
