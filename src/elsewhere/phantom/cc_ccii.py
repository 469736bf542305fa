"""cc_ccii: write a synthetic site like CC-CCII: 8-bit PNG slices by class, patient and scan.

The published CC-CCII does not say which of its six hospitals a scan comes from (A-02). Here two
hidden hospitals export with different windows, one of them with everything outside the body
removed, and most positives come from one of them (A-76).
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
    patient_rows: list[dict[str, object]] = []
    scan_rows: list[dict[str, object]] = []
    lesion_slices: list[str] = []
    for patient in patients:
        patient_rows.append(_patient_row(patient))
        for number in range(_n_scans(patient, row)):
            exposure = scanner.volume(patient, row, number=number)
            scan_id = 1000 + 2 * patient.number + number
            place = f"{patient.category}/{patient.number}/{scan_id}"
            names = _write_scan(folder / place, patient, exposure)
            diseased = exposure.diseased[::-1] & (patient.label == 1)
            lesion_slices += [
                f"{place}/{name}"
                for name, is_diseased in zip(names, diseased, strict=True)
                if is_diseased
            ]
            scan_rows.append(_scan_row(patient, scan_id, len(names)))
    _table(patient_rows, "patient_id", folder / "metadata.csv")
    _table(scan_rows, "scan_id", folder / "unzip_filenames.csv")
    pd.DataFrame({"imgpath": lesion_slices}).to_csv(
        folder / "lesions_slices.csv", index=False, lineterminator="\n"
    )
    return len(scan_rows)


def _n_scans(patient: Patient, row: CcCcii) -> int:
    rng = np.random.default_rng([*patient.seed, 3])
    return 2 if rng.random() < row.second_scan else 1


def _write_scan(folder: Path, patient: Patient, exposure: scanner.Exposure) -> list[str]:
    folder.mkdir(parents=True)
    grey = physics.to_grey(exposure.hu, patient.acquisition.window)[::-1]
    names = [f"{at:04d}.png" for at in range(len(grey))]
    for name, plane in zip(names, grey, strict=True):
        pictures.save(plane, folder / name, mode="L")
    return names


def _patient_row(patient: Patient) -> dict[str, object]:
    findings = patient.findings.ground_glass
    critical = findings is not None and patient.age > 70
    return {
        "patient_id": patient.number,
        "Age": patient.age,
        "Sex(Male/Female)": "Female" if patient.sex == "F" else "Male",
        "Critical_illness": "Yes" if critical else "No",
    }


def _scan_row(patient: Patient, scan_id: int, slices: int) -> dict[str, object]:
    return {
        "zip_file": f"{patient.category}-1.zip",
        "patient_id": patient.number,
        "scan_id": scan_id,
        "label": patient.category,
        "n_slice": slices,
    }


def _table(rows: list[dict[str, object]], by: str, path: Path) -> None:
    pd.DataFrame(rows).sort_values(by).to_csv(path, index=False, lineterminator="\n")
