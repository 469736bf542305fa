"""slices: a new random draw of slices each time a scan is trained on (C-09, C-12)."""

from __future__ import annotations

import numpy as np

from elsewhere.cohorts.augmentation import Augmentation
from elsewhere.cohorts.inputs.slices import draw_for, drawn, normalised, possible_starts
from elsewhere.cohorts.view import Floats, Voxels
from elsewhere.design.augmentations.slices import SlicesAugmentation as Row
from elsewhere.design.inputs.slices import SlicesInput


class SlicesAugmentation(Augmentation):
    """Draws slices as the rows `train` of the input say."""

    def __init__(self, row: Row, input_row: SlicesInput) -> None:
        self.row, self.input = row, input_row

    def draw(self, array: Voxels, rng: np.random.Generator) -> Floats:
        """Draw float32 ``[1, depth, matrix, matrix]``; see `Augmentation.draw`."""
        n_slices, depth = len(array), self.input.depth
        draw = draw_for(n_slices, self.input.train)
        first = int(rng.choice(possible_starts(n_slices, draw=draw, depth=depth)))
        slices = drawn(n_slices, first=first, interval=draw.interval, depth=depth)
        return normalised(array, slices=slices, input=self.input)
