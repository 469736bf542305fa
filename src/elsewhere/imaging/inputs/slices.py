"""slices: clips a CT volume to a window in HU and resizes its slices (C-10)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elsewhere.design.inputs.slices import SlicesInput
from elsewhere.imaging import intensity, resample
from elsewhere.imaging.preparation import Preparation, Scanned, Voxels

IN_HU = ("HU", "CT number")


class SlicesPreparation(Preparation):
    """Values in HU above the lower end of the window; all slices, `matrix` x `matrix`."""

    def __init__(self, row: SlicesInput) -> None:
        self.row = row

    def check(self, scans: Sequence[Scanned]) -> None:
        """Refuse scans whose values are not HU; see `Preparation.check`."""
        others = [scan for scan in scans if scan.value_scale not in IN_HU]
        if others:
            raise ValueError(
                f"{len(others)} of {len(scans)} scans have values of the scale "
                f"'{others[0].value_scale}', the first is {others[0].name}; an input of kind "
                "slices has a window in HU: leave the site out of the study, or choose an input of "
                "kind volume with normalise: volume"
            )

    def prepared(self, voxels: Voxels, scan: Scanned) -> Voxels:
        """Return int16 ``[z, matrix, matrix]``, 0 at `clip_min_hu`; see `Preparation.prepared`."""
        values = intensity.clipped(
            voxels,
            scan.value_scale,
            clip_min_hu=self.row.clip_min_hu,
            clip_max_hu=self.row.clip_max_hu,
            shift_ct_number=True,
        )
        side = self.row.matrix
        return np.rint(resample.in_plane(values, rows=side, columns=side)).astype(np.int16)
