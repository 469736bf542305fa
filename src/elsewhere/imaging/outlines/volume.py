"""volume: brings a mask onto the lattice of an input of kind volume (A-10, C-35)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.imaging.inputs.volume import VolumePreparation
from elsewhere.imaging.preparation import Scanned, Voxels

Shares = npt.NDArray[np.float32]


def on_lattice(mask: Shares, *, voxels: Voxels, scan: Scanned, row: VolumeInput) -> Shares:
    """Return the share of each prepared voxel that the mask fills, cut as the scan was cut."""
    return _Geometry(row).applied(mask, voxels, scan)


class _Geometry(VolumePreparation):
    """What the preparation does to the places of voxels, without their values."""

    def applied(self, mask: Shares, voxels: Voxels, scan: Scanned) -> Shares:
        """Cut and resample a mask as the scan."""
        return self._on_lattice(self._cropped(mask, voxels, scan), scan)
