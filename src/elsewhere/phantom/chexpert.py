"""chexpert: a synthetic site as CheXpert publishes it, the small archive unpacked (B-01, B-02)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from elsewhere.design.phantoms.chexpert import Chexpert
from elsewhere.phantom import pictures, radiography, reports
from elsewhere.phantom.radiograph_cohort import Patient, Study

ARCHIVE = "CheXpert-v1.0-small"  # the archive's own folder, with which each `Path` begins
COLUMNS = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *reports.LABELS)
SEXES = {"F": "Female", "M": "Male"}
Line = tuple[str | int | float | None, ...]


def write(folder: Path, row: Chexpert, patients: Iterable[Patient]) -> int:
    """Write images and both tables; return the number of images.

    The last patients are the validation set, whose labels people read from the images.
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
        labels = reports.seen(study.findings, device=patient.pacemaker)
    else:
        labels = reports.read(study.findings, row.findings, rng, device=patient.pacemaker)
    at = f"{ARCHIVE}/{part}/patient{patient.number:05d}/study{study.number}"
    (folder / at).mkdir(parents=True)
    taken = radiography.take(patient, study, row.radiography, lateral=lateral)
    lines: list[Line] = []
    for number, one in enumerate(taken, start=1):
        side = "Lateral" if one.view == "LATERAL" else "Frontal"
        path = f"{at}/view{number}_{side.lower()}.jpg"
        pictures.save(one.grey, folder / path, mode="L")
        projection = one.view if side == "Frontal" else None
        person = (SEXES[patient.sex], patient.age)
        lines.append((path, *person, side, projection, *labels.values()))
    return lines
