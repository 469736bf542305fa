"""chestxray14: write a synthetic site like ChestX-ray14: images, one table, two lists (B-03)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from elsewhere.design.phantoms.chestxray14 import Chestxray14
from elsewhere.design.radiograph_phantom_rows import FINDINGS, FindingName
from elsewhere.phantom import pictures, radiography
from elsewhere.phantom.radiograph_cohort import Patient, Study

# Two column names hold a comma and each line ends with one, so a CSV writer cannot write this.
HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
)
WORDS: dict[FindingName, str] = {"Pleural Effusion": "Effusion"}  # the others are the same
WRONG_AGE_YEARS = 400  # added, as in the published table


def write(folder: Path, row: Chestxray14, patients: Iterable[Patient]) -> int:
    """Write images, table and official lists; return the number of images."""
    (folder / "images").mkdir()
    lines: list[str] = []
    lists: dict[str, list[str]] = {"train_val_list.txt": [], "test_list.txt": []}
    for patient in patients:
        rng = np.random.default_rng([*patient.seed, 3])
        part = "test_list.txt" if rng.random() < row.test else "train_val_list.txt"
        for name, line in _write_patient(folder, patient, row, rng):
            lines.append(line)
            lists[part].append(name)
    _write_text(folder / "Data_Entry_2017.csv", [HEADER, *lines])
    for name, images in lists.items():
        _write_text(folder / name, images)
    return len(lines)


def _write_text(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _write_patient(
    folder: Path, patient: Patient, row: Chestxray14, rng: np.random.Generator
) -> Iterator[tuple[str, str]]:
    for study in patient.studies:
        (image,) = radiography.take(patient, study, row.radiography)
        follow_up = study.number - 1
        name = f"{patient.number:08d}_{follow_up:03d}.png"
        mode: pictures.Mode = "RGBA" if rng.random() < row.rgba else "L"
        pictures.save(image.grey, folder / "images" / name, mode=mode)
        age = patient.age + WRONG_AGE_YEARS * int(rng.random() < row.wrong_age)
        rows, columns = image.grey.shape
        yield (
            name,
            f"{name},{_labels(study, row, rng)},{follow_up},{patient.number},{age},{patient.sex},"
            f"{image.view},{columns},{rows},{image.pixel_mm:.3f},{image.pixel_mm:.3f},",
        )


def _labels(study: Study, row: Chestxray14, rng: np.random.Generator) -> str:
    """Return the text-mined labels of the study in alphabetical order, or "No Finding"."""
    missed = dict(zip(FINDINGS, rng.random(len(FINDINGS)), strict=True))
    labels = [
        WORDS.get(name, name)
        for name in FINDINGS
        if name in study.findings and missed[name] >= row.findings[name].missed
    ]
    return "|".join(sorted(labels)) or "No Finding"
