"""slices: a new random draw of slices each time a scan is trained on (C-09, C-12)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from elsewhere.cohorts.augmentation import Augmentation, Plan
from elsewhere.cohorts.extent import Extent
from elsewhere.cohorts.inputs.slices import draw_for, drawn, possible_starts
from elsewhere.cohorts.view import Voxels, require_lattice
from elsewhere.design.augmentations.slices import SlicesAugmentation as Row
from elsewhere.design.inputs.slices import SlicesInput


class SlicesAugmentation(Augmentation[Plan]):
    """Draws slices as the rows `train` of the input say."""

    def __init__(self, row: Row, input_row: SlicesInput) -> None:
        self.row, self.input = row, input_row

    def plan(self, scan: Extent, rng: np.random.Generator) -> Plan:
        """Draw slices; see `Augmentation.plan`."""
        n_slices, depth = scan.n_slices, self.input.depth
        draw = draw_for(n_slices, self.input.train)
        first = int(rng.choice(possible_starts(n_slices, draw=draw, depth=depth)))
        return Plan(drawn(n_slices, first=first, interval=draw.interval, depth=depth))

    def pack(self, raw: Voxels, plan: Plan) -> tuple[Voxels, ...]:
        """Return the slices as they are; see `Augmentation.pack`."""
        del plan
        require_lattice(raw, side=self.input.matrix)
        return (raw,)

    def apply(self, parts: Sequence[Tensor], plan: Plan, *, out: Tensor) -> None:
        """Make float32 ``[1, depth, matrix, matrix]``; see `Augmentation.apply`."""
        del plan
        (raw,) = parts
        chosen = out[0, : len(raw)]
        out[0, len(raw) :].zero_()
        chosen.copy_(raw)
        chosen.add_(float(np.float32(self.input.clip_min_hu - self.input.mean_hu)))
        # by a tensor: of a number CUDA takes the reciprocal, and multiplies, which has other bits
        chosen.div_(out.new_full((), self.input.sd_hu))
