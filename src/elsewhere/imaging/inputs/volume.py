"""volume: clips a CT volume and brings its slices to one matrix (A-10, A-13)."""

from __future__ import annotations

from typing import Any

import numpy as np

from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.imaging import intensity, resample
from elsewhere.imaging.preparation import Preparation, Voxels


class VolumePreparation(Preparation):
    """Clipped values, slices of `matrix` x `matrix`; the slice distance stays."""

    def __init__(self, row: VolumeInput) -> None:
        self.row = row

    def prepared(self, voxels: Voxels, value_scale: Any) -> Voxels:
        """Return int16 ``[z, matrix, matrix]``, at least 0; see `Preparation.prepared`."""
        values = intensity.clipped(
            voxels,
            value_scale,
            clip_min_hu=self.row.clip_min_hu,
            clip_max_hu=self.row.clip_max_hu,
            shift_ct_number=self.row.ct_number == "shift_to_hu",
        )
        resized = resample.in_plane(values, rows=self.row.matrix, columns=self.row.matrix)
        return np.rint(np.minimum(resized, np.iinfo(np.int16).max)).astype(np.int16)
