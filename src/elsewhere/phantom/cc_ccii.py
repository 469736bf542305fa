"""cc_ccii: a synthetic site as CC-CCII publishes it: 8-bit PNG slices by class, patient and scan.

The six hospitals of CC-CCII cannot be told apart in what is published (A-02). Here two hidden
hospitals export with different windows, one of them with all outside the body removed, and most
positives come from one of them (A-76).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from elsewhere.design.phantoms.cc_ccii import CcCcii
from elsewhere.phantom import physics, pictures, scanner
from elsewhere.phantom.cohort import Patient


def write(folder: Path, row: CcCcii, patients: Iterable[Patient]) -> int:
    """Write the slices, head first, and three tables; return the number of scans."""
    people: list[dict[str, object]] = []
    zipped: list[dict[str, object]] = []
    lesions: list[str] = []
    for patient in patients:
        people.append(_person(patient))
        for number in range(_scans(patient, row)):
            exposure = scanner.volume(patient, row, number=number)
            scan_id = 1000 + 2 * patient.number + number
            at = f"{patient.category}/{patient.number}/{scan_id}"
            names = _write_scan(folder / at, patient, exposure)
            diseased = exposure.diseased[::-1] & (patient.label == 1)
            lesions += [f"{at}/{name}" for name, ill in zip(names, diseased, strict=True) if ill]
            zipped.append(_zipped(patient, scan_id, len(names)))
    _table(people, "patient_id", folder / "metadata.csv")
    _table(zipped, "scan_id", folder / "unzip_filenames.csv")
    pd.DataFrame({"imgpath": lesions}).to_csv(
        folder / "lesions_slices.csv", index=False, lineterminator="\n"
    )
    return len(zipped)


def _scans(patient: Patient, row: CcCcii) -> int:
    rng = np.random.default_rng([*patient.seed, 3])
    return 2 if rng.random() < row.second_scan else 1


def _write_scan(folder: Path, patient: Patient, exposure: scanner.Exposure) -> list[str]:
    folder.mkdir(parents=True)
    grey = physics.to_grey(exposure.hu, patient.acquisition.window)[::-1]
    names = [f"{at:04d}.png" for at in range(len(grey))]
    for name, plane in zip(names, grey, strict=True):
        pictures.save(plane, folder / name, mode="L")
    return names


def _person(patient: Patient) -> dict[str, object]:
    findings = patient.findings.ground_glass
    critical = findings is not None and patient.age > 70
    return {
        "patient_id": patient.number,
        "Age": patient.age,
        "Sex(Male/Female)": "Female" if patient.sex == "F" else "Male",
        "Critical_illness": "Yes" if critical else "No",
    }


def _zipped(patient: Patient, scan_id: int, slices: int) -> dict[str, object]:
    return {
        "zip_file": f"{patient.category}-1.zip",
        "patient_id": patient.number,
        "scan_id": scan_id,
        "label": patient.category,
        "n_slice": slices,
    }


def _table(rows: list[dict[str, object]], by: str, path: Path) -> None:
    pd.DataFrame(rows).sort_values(by).to_csv(path, index=False, lineterminator="\n")
