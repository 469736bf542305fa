"""volume: clips a volume and brings it to one matrix, or to one lattice in mm (A-10, A-13)."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.imaging import crop, intensity, resample
from elsewhere.imaging.preparation import Preparation, Scanned, Voxels

log = logging.getLogger(__name__)


class VolumePreparation(Preparation):
    """Clipped values; slices of `matrix` x `matrix`, their distance as it was or `spacing_mm`."""

    def __init__(self, row: VolumeInput) -> None:
        self.row = row

    def check(self, scans: Sequence[Scanned]) -> None:
        """Refuse scans of unknown spacing where one is wanted; see `Preparation.check`."""
        if self.row.spacing_mm is None:
            return
        unknown = [scan for scan in scans if not all(map(math.isfinite, scan.spacing_mm))]
        if unknown:
            raise ValueError(
                f"spacing_mm: {len(unknown)} of {len(scans)} scans do not say how far apart their "
                f"voxels are, the first is {unknown[0].name}; set spacing_mm of this input to "
                "null, or leave the site out of the study"
            )

    def prepared(self, voxels: Voxels, scan: Scanned) -> Voxels:
        """Return int16 ``[z, matrix, matrix]``, at least 0; see `Preparation.prepared`."""
        values = intensity.clipped(
            voxels,
            scan.value_scale,
            clip_min_hu=self.row.clip_min_hu,
            clip_max_hu=self.row.clip_max_hu,
            shift_ct_number=self.row.ct_number == "shift_to_hu",
        )
        on_lattice = self._on_lattice(self._cropped(values, voxels, scan), scan)
        return np.rint(np.minimum(on_lattice, np.iinfo(np.int16).max)).astype(np.int16)

    def _cropped(
        self, values: npt.NDArray[np.float32], voxels: Voxels, scan: Scanned
    ) -> npt.NDArray[np.float32]:
        if self.row.crop == "none":
            return values
        found = crop.box(voxels.astype(np.int16), self.row.crop)
        if found is None:
            log.warning("%s: no %s found, the scan is kept whole", scan.name, self.row.crop)
            return values
        # without a lattice in mm, rows and columns are stretched to `matrix`: alike, if as many
        return crop.cut(values, crop.square(found) if self.row.spacing_mm is None else found)

    def _on_lattice(
        self, values: npt.NDArray[np.float32], scan: Scanned
    ) -> npt.NDArray[np.float32]:
        side = self.row.matrix
        if self.row.spacing_mm is None:
            return resample.in_plane(values, rows=side, columns=side)
        # SimpleITK loads only where it is needed
        from elsewhere.imaging import lattice

        return lattice.resampled(
            values,
            spacing_mm=scan.spacing_mm,
            wanted_mm=self.row.spacing_mm,
            rows=side,
            columns=side,
        )
