"""repair: the voxels of a lattice that is not regular made regular by linear interpolation."""

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
        int16 [slice, row, column] on the regular lattice; the matrix stays. What a shifted slice
        does not cover takes the least value of the volume.
    """
    if len(voxels) != len(lattice.slices):
        raise ValueError(f"got {len(voxels)} slices of voxels, expected {len(lattice.slices)}")
    for one in lattice.repairs:
        voxels = shifted(voxels, one.shifts) if one.shifts else sampled(voxels, one.planes)
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
    """Move the content of each slice by so many rows and columns, linear between voxels."""
    outside = int(voxels.min())
    result = np.empty_like(voxels)
    for index, (one, by) in enumerate(zip(voxels, shifts, strict=True)):
        moved = ndimage.shift(one.astype(np.float64), by, order=1, mode="constant", cval=outside)
        result[index] = np.rint(moved)
    return result
