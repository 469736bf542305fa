"""slices: brings a mask onto the lattice of an input of kind slices (C-10, C-35)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elsewhere.design.inputs.slices import SlicesInput
from elsewhere.imaging import resample
from elsewhere.imaging.preparation import Scanned, Voxels

Shares = npt.NDArray[np.float32]


def on_lattice(mask: Shares, *, voxels: Voxels, scan: Scanned, row: SlicesInput) -> Shares:
    """Return the share of each prepared voxel that the mask fills."""
    del voxels, scan
    return resample.in_plane(mask, rows=row.matrix, columns=row.matrix)
