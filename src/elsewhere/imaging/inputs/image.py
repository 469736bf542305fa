"""image: equalises and resizes a single image (B-19, B-21, D-03)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from elsewhere.design.inputs.image import Clahe, ImageInput
from elsewhere.imaging import clahe, resample, spline
from elsewhere.imaging.preparation import Preparation, Scanned, Voxels


class ImagePreparation(Preparation):
    """Greys spread and the image resized, in the order that the row says ([AMB] B-19, B-21).

    Tiles are shares of the image. Noise that equalisation raises is smoothed on the way down if
    the image is resized afterwards, and stays if it was resized before.
    """

    def __init__(self, row: ImageInput) -> None:
        self.row = row

    def check(self, scans: Sequence[Scanned]) -> None:
        """Refuse scans that are no 8-bit images; see `Preparation.check`."""
        others = [scan for scan in scans if scan.value_scale != "0-255" or scan.slices != 1]
        if others:
            first = others[0]
            raise ValueError(
                f"an image input takes 8-bit images; {len(others)} of {len(scans)} scans are none, "
                f"the first is {first.name}, in {first.value_scale} of {first.slices} slices. Give "
                "the study a volume input, or leave the site out of it"
            )

    def prepared(self, voxels: Voxels, scan: Scanned) -> Voxels:
        """Return uint8 ``[1, rows, columns]`` of which the shorter is `stored_matrix`.

        Unless the row keeps proportions both are; see `Preparation.prepared`.
        """
        spread = self.row.clahe
        if spread is None:
            return self._resized(voxels)
        if spread.when == "after":
            return _whole(_equalised(self._resized(voxels), spread))
        return self._resized(_equalised(voxels, spread))

    def _resized(self, voxels: npt.NDArray[Any]) -> Voxels:
        side, (_, rows, columns) = self.row.stored_matrix, voxels.shape
        if self.row.proportions == "kept":  # D-03: sizes as of torchvision's Resize
            shorter = min(rows, columns)
            rows, columns = side * rows // shorter, side * columns // shorter
        else:
            rows = columns = side
        resize = spline.in_plane if self.row.resampling == "spline" else resample.in_plane
        return _whole(resize(voxels, rows=rows, columns=columns))


def _equalised(voxels: Voxels, row: Clahe) -> npt.NDArray[np.float32]:
    return clahe.equalised(voxels[0], clip_limit=row.clip_limit, tiles=row.tiles)[None]


def _whole(greys: npt.NDArray[Any]) -> Voxels:
    whole: Voxels = np.rint(greys).astype(np.uint8)
    return whole
