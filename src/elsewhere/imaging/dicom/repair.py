"""repair: resample the voxels of an irregular lattice to a regular one by linear interpolation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from elsewhere.imaging.dicom.geometry import Lattice

Voxels = npt.NDArray[np.int16]


def repaired(voxels: Voxels, lattice: Lattice) -> Voxels:
    """Apply the repairs of a lattice in their order.

    Parameters
    ----------
    voxels
        [slice, row, column] of `lattice.slices`, rescaled.

    Returns
    -------
    numpy.ndarray
        int16 [slice, row, column] on the regular lattice; rows and columns stay. Voxels that a
        shifted slice does not cover get the least value of the volume.
    """
    if len(voxels) != len(lattice.slices):
        raise ValueError(f"got {len(voxels)} slices of voxels, expected {len(lattice.slices)}")
    for step in lattice.repairs:
        voxels = shifted(voxels, step.shifts) if step.shifts else sampled(voxels, step.planes)
    return voxels


def sampled(voxels: Voxels, planes: Sequence[float]) -> Voxels:
    """Interpolate linearly at fractional slice indices."""
    result = np.empty((len(planes), *voxels.shape[1:]), dtype=np.int16)
    for index, plane in enumerate(planes):
        below = min(int(plane), len(voxels) - 1)
        weight = plane - below
        if weight == 0:
            result[index] = voxels[below]
            continue
        between = voxels[below] * (1 - weight) + voxels[below + 1] * weight
        result[index] = np.rint(between)
    return result


def shifted(voxels: Voxels, shifts: Sequence[tuple[float, float]]) -> Voxels:
    """Shift each slice by (rows, columns), fractions included, with linear interpolation."""
    outside = int(voxels.min())
    result = np.empty_like(voxels)
    for index, (plane, shift) in enumerate(zip(voxels, shifts, strict=True)):
        interpolated = ndimage.shift(
            plane.astype(np.float64), shift, order=1, mode="constant", cval=outside
        )
        result[index] = np.rint(interpolated)
    return result
