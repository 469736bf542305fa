"""outlines: write where the lesions of a synthetic scan are, as a mask in NIfTI (C-35)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from elsewhere.phantom import scanner


def write(exposure: scanner.Exposure, path: Path, *, corner_mm: tuple[float, float, float]) -> None:
    """Write 1 where the scan has a lesion and 0 elsewhere, on the lattice of the scan.

    Parameters
    ----------
    exposure
        The scan.
    path
        A file ``.nii.gz``; its folder is made.
    corner_mm
        Where the first voxel lies: x, y, z in the patient (LPS).
    """
    image = sitk.GetImageFromArray(exposure.lesion.astype(np.uint8))
    image.SetSpacing([float(spacing) for spacing in exposure.grid.spacing_mm[::-1]])
    image.SetOrigin(corner_mm)
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path), useCompression=True)
