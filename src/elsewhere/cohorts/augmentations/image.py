"""image: augmentation of single images: random crop and flips (D-04)."""

from __future__ import annotations

import numpy as np

from elsewhere.cohorts.augmentation import Augmentation
from elsewhere.cohorts.inputs.image import channels, require_stored, shrunk
from elsewhere.cohorts.view import Floats, Voxels
from elsewhere.design.augmentations.image import ImageAugmentation as Row
from elsewhere.design.inputs.image import ImageInput


class ImageAugmentation(Augmentation):
    """Random crop and flips (D-04); the crop is normalised after it is cut (D-03)."""

    def __init__(self, row: Row, input_row: ImageInput) -> None:
        self.row, self.input = row, input_row

    def draw(self, array: Voxels, rng: np.random.Generator) -> Floats:
        """Draw float32 ``[channels, matrix, matrix]``; see `Augmentation.draw`."""
        if self.row.crop:
            require_stored(array, input=self.input)
            side = self.input.matrix
            top, left = rng.integers([length - side + 1 for length in array.shape[1:]])
            part = array[0, top : top + side, left : left + side]
            image = channels(part.astype(np.float32), input=self.input)
        else:
            image = shrunk(array, input=self.input)
        if rng.random() < self.row.flip_vertical:
            image = image[:, ::-1]
        if rng.random() < self.row.flip_horizontal:
            image = image[:, :, ::-1]
        return np.ascontiguousarray(image)
