"""image: augmentation of single images: random crop and flips (D-04)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from elsewhere.cohorts.augmentation import Augmentation, Plan
from elsewhere.cohorts.extent import Extent
from elsewhere.cohorts.inputs.image import channels, require_stored, shrunk
from elsewhere.cohorts.view import Floats, Voxels
from elsewhere.design.augmentations.image import ImageAugmentation as Row
from elsewhere.design.inputs.image import ImageInput

_GREYS = np.arange(256, dtype=np.float32)[None]  # an image that has every grey once


@dataclass(frozen=True)
class ImagePlan(Plan):
    """The draws of one view.

    Attributes
    ----------
    corner
        Top and left of the crop; None: the whole image.
    flips
        Axes that are flipped, of y, x.
    """

    corner: tuple[int, int] | None
    flips: tuple[int, ...]


class ImageAugmentation(Augmentation[ImagePlan]):
    """Random crop and flips (D-04); the crop is normalised after it is cut (D-03).

    The greys of a crop move as bytes, with a table of what each of the 256 becomes: mean and
    deviation, whose bits depend on the order of a sum, are computed on the processor. An image that
    is resized is resized and normalised there, too.
    """

    def __init__(self, row: Row, input_row: ImageInput) -> None:
        self.row, self.input = row, input_row

    def plan(self, scan: Extent, rng: np.random.Generator) -> ImagePlan:
        """Draw one view; see `Augmentation.plan`."""
        corner = None
        if self.row.crop:
            # an image that is smaller is refused when it is read
            ends = [max(1, length - self.input.matrix + 1) for length in (scan.rows, scan.columns)]
            top, left = rng.integers(ends)
            corner = int(top), int(left)
        shares = (self.row.flip_vertical, self.row.flip_horizontal)
        flips = tuple(axis for axis, share in enumerate(shares) if rng.random() < share)
        return ImagePlan(range(scan.n_slices), corner, flips)

    def pack(self, raw: Voxels, plan: ImagePlan) -> tuple[Voxels, ...]:
        """Return greys and their table, or a finished image; see `Augmentation.pack`."""
        require_stored(raw, input=self.input)
        side = self.input.matrix
        if plan.corner is None and raw.shape[1:] != (side, side):
            return (shrunk(raw, input=self.input),)
        top, left = plan.corner or (0, 0)
        part = raw[0, top : top + side, left : left + side]
        if part.dtype != np.uint8:
            return (channels(part.astype(np.float32), input=self.input),)
        return np.ascontiguousarray(part), self._table(part)

    def apply(self, parts: Sequence[Tensor], plan: ImagePlan, *, out: Tensor) -> None:
        """Make float32 ``[channels, matrix, matrix]``; see `Augmentation.apply`."""
        axes = [axis - 2 for axis in plan.flips]
        image = parts[0].flip(axes) if axes else parts[0]
        if len(parts) == 1:
            out.copy_(image)
            return
        values = parts[1].index_select(1, image.reshape(-1).int())
        out.copy_(values.view(-1, *image.shape))

    def _table(self, part: Voxels) -> Floats:
        """Return the value of each grey, ``[channels, 256]``; one row if channels are alike."""
        if self.input.normalise == "imagenet":
            return channels(_GREYS, input=self.input)[:, 0]
        image = part.astype(np.float32)
        deviation = np.float32(float(image.std()) or 1.0)
        table: Floats = (_GREYS - np.float32(image.mean())) / deviation
        return table
