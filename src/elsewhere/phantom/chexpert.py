"""chexpert: write a synthetic site like CheXpert, as its small archive unpacks (B-01, B-02)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from elsewhere.design.phantoms.chexpert import Chexpert
from elsewhere.phantom import pictures, radiography, reports
from elsewhere.phantom.radiograph_cohort import Patient, Study

ARCHIVE = "CheXpert-v1.0-small"  # top folder of the archive; each `Path` begins with it
COLUMNS = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *reports.LABELS)
SEXES = {"F": "Female", "M": "Male"}
Line = tuple[str | int | float | None, ...]


def write(folder: Path, row: Chexpert, patients: Iterable[Patient]) -> int:
    """Write images and both tables; return the number of images.

    The last patients are the validation set, whose labels come from the images, not from reports.
    """
    lines: dict[str, list[Line]] = {"train": [], "valid": []}
    for patient in patients:
        part = "valid" if patient.number > row.patients - row.validation_patients else "train"
        for study in patient.studies:
            lines[part] += _write_study(folder, patient, study, row, part)
    for part, table in lines.items():
        frame = pd.DataFrame(table, columns=list(COLUMNS))
        frame.to_csv(folder / ARCHIVE / f"{part}.csv", index=False, lineterminator="\n")
    return sum(map(len, lines.values()))


def _write_study(
    folder: Path, patient: Patient, study: Study, row: Chexpert, part: str
) -> list[Line]:
    rng = np.random.default_rng([*patient.seed, 3, study.number])
    lateral = bool(rng.random() < row.lateral)
    if part == "valid":
        labels = reports.from_images(study.findings, device=patient.pacemaker)
    else:
        labels = reports.from_report(study.findings, row.findings, rng, device=patient.pacemaker)
    study_folder = f"{ARCHIVE}/{part}/patient{patient.number:05d}/study{study.number}"
    (folder / study_folder).mkdir(parents=True)
    images = radiography.take(patient, study, row.radiography, lateral=lateral)
    lines: list[Line] = []
    for number, image in enumerate(images, start=1):
        side = "Lateral" if image.view == "LATERAL" else "Frontal"
        path = f"{study_folder}/view{number}_{side.lower()}.jpg"
        pictures.save(image.grey, folder / path, mode="L")
        projection = image.view if side == "Frontal" else None
        patient_values = (SEXES[patient.sex], patient.age)
        lines.append((path, *patient_values, side, projection, *labels.values()))
    return lines
