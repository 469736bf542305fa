"""image: equalises and resizes a single image (B-19, B-21, D-03)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elsewhere.design.inputs.image import ImageInput
from elsewhere.imaging import clahe, resample, spline
from elsewhere.imaging.preparation import Preparation, Scanned, Voxels


class ImagePreparation(Preparation):
    """Greys spread, then the image resized.

    [AMB] B-19, B-21: in this order, as in the paper's text; tiles are shares of the image, so that
    the order matters little, and noise that equalisation raises is smoothed on the way down.
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
        """Return uint8 ``[1, stored_matrix, stored_matrix]``; see `Preparation.prepared`."""
        image, side = voxels[0], self.row.stored_matrix
        if self.row.clahe is not None:
            chosen = self.row.clahe
            image = clahe.equalised(image, clip_limit=chosen.clip_limit, tiles=chosen.tiles)
        resize = spline.in_plane if self.row.resampling == "spline" else resample.in_plane
        return np.rint(resize(image[None], rows=side, columns=side)).astype(np.uint8)
