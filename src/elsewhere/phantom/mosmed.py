"""mosmed: write a synthetic site like MosMedData: NIfTI volumes in folders by severity."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

import nibabel
import numpy as np

from elsewhere.design.phantoms.mosmed import Mosmed
from elsewhere.phantom import physics, scanner, workbook
from elsewhere.phantom.cohort import Patient
from elsewhere.phantom.mark import MARK


def write(folder: Path, row: Mosmed, patients: Iterable[Patient]) -> int:
    """Write one volume per patient and the registry; return the number of scans."""
    registry = []
    for patient in patients:
        exposure = scanner.volume(patient, row, number=0)
        name = f"studies/{patient.category}/study_{patient.number:04d}.nii.gz"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(_nifti(exposure, from_head=patient.number % 2 == 0))
        study, category = f"study_{patient.number:04d}", patient.category
        registry.append((study, category, f"/{name}", None))
    table = [("study_id", "category", "study_file", "mask_file"), *sorted(registry)]
    workbook.write(folder / "dataset_registry.xlsx", table, sheet="synthetic")
    return len(registry)


def _nifti(exposure: scanner.Exposure, *, from_head: bool) -> bytes:
    """Return a scan as NIfTI, whose axes point right, front and head: x and y change sign.

    In every second study the slices run from head to feet; only the affine states the direction.
    """
    hu = physics.to_hu(exposure.hu)
    dz, dy, dx = exposure.grid.spacing_mm
    slices, rows, columns = hu.shape
    affine = np.diag([-dx, -dy, dz, 1.0])
    affine[:2, 3] = (columns - 1) / 2 * dx, (rows - 1) / 2 * dy
    if from_head:
        hu, affine[2, 2], affine[2, 3] = hu[::-1], -dz, (slices - 1) * dz
    picture = nibabel.Nifti1Image(np.ascontiguousarray(hu.transpose(2, 1, 0)), affine)
    picture.header["descrip"] = MARK.encode()
    picture.header.set_xyzt_units("mm")
    return gzip.compress(picture.to_bytes(), compresslevel=3, mtime=0)
