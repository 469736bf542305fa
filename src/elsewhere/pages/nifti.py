"""nifti: the bytes of a NIfTI-1 of a stored volume, or of a map over it, for the viewer.

nibabel makes the header. Its own writing of the voxels goes through several copies; ours are in
the order of NIfTI already, x first, and are appended as they are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from elsewhere.imaging.volume import SpacingMm

Affine = npt.NDArray[np.float64]
NO_EXTENSION = b"\0\0\0\0"
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_IN_SCANNER = 1  # code of NIfTI: what the affine leads to


@dataclass(frozen=True)
class Geometry:
    """Where the voxels of a volume are, as far as it is known.

    Attributes
    ----------
    spacing_mm
        (dz, dy, dx); NaN where it is not known.
    affine
        Voxel (x, y, z) to mm in the patient (LPS), float64 [4, 4]; None: not known.
    """

    spacing_mm: SpacingMm
    affine: Affine | None = None

    @property
    def to_scale(self) -> bool:
        """Whether every spacing is known."""
        return all(map(math.isfinite, self.spacing_mm))

    def over(self, shape: tuple[int, ...], *, of: tuple[int, ...]) -> Geometry:
        """Return the geometry of a map whose corners are those of this volume.

        Parameters
        ----------
        shape
            Of the map, (z, y, x).
        of
            Of the volume.
        """
        steps = [have / count for have, count in zip(of, shape, strict=True)]
        dz, dy, dx = (old * step for old, step in zip(self.spacing_mm, steps, strict=True))
        if self.affine is None:
            return Geometry((dz, dy, dx))
        coarser = np.diag([*reversed(steps), 1.0])
        coarser[:3, 3] = [(step - 1) / 2 for step in reversed(steps)]
        return Geometry((dz, dy, dx), self.affine @ coarser)


def geometry(scan: Mapping[str, Any]) -> Geometry:
    """Return where the voxels of a row of a manifest are."""
    dz, dy, dx = (float(scan[f"spacing_{axis}_mm"]) for axis in "zyx")
    if not scan["affine"]:
        return Geometry((dz, dy, dx))
    affine = np.eye(4)
    affine[:3] = np.reshape(json.loads(scan["affine"]), (3, 4))
    return Geometry((dz, dy, dx), affine)


def packed(voxels: npt.NDArray[np.generic], where: Geometry) -> bytes:
    """Return a volume as the bytes of an uncompressed NIfTI-1 file.

    Parameters
    ----------
    voxels
        ``[z, y, x]``, int16 or uint8.
    where
        Its geometry. A spacing that is not known becomes 1 of no unit; without an affine the file
        says of no axis where it leads in the patient.
    """
    return b"".join((_header(voxels, where), np.ascontiguousarray(voxels).data))


def _header(voxels: npt.NDArray[np.generic], where: Geometry) -> bytes:
    header = nib.nifti1.Nifti1Header(endianness="<")
    header.set_data_dtype(voxels.dtype)
    header.set_data_shape(voxels.shape[::-1])
    header.set_zooms([step if math.isfinite(step) else 1.0 for step in where.spacing_mm[::-1]])
    header.set_xyzt_units("mm" if where.to_scale else "unknown")
    if where.affine is not None:
        to_ras = LPS_TO_RAS @ where.affine
        header.set_qform(to_ras, code=_IN_SCANNER)
        header.set_sform(to_ras, code=_IN_SCANNER)
    header["vox_offset"] = len(header.binaryblock) + len(NO_EXTENSION)
    header["magic"] = b"n+1"
    block: bytes = header.binaryblock
    return block + NO_EXTENSION
