"""volume: augmentation of CT volumes during training (A-15, A-17, A-44 to A-48)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from elsewhere.cohorts.augmentation import Augmentation, Plan, tensor
from elsewhere.cohorts.extent import Extent
from elsewhere.cohorts.inputs.volume import value_range
from elsewhere.cohorts.view import Voxels, require_lattice
from elsewhere.design.augmentations.volume import VolumeAugmentation as Row
from elsewhere.design.inputs.volume import VolumeInput


@dataclass(frozen=True)
class VolumePlan(Plan):
    """The draws of one view.

    Attributes
    ----------
    first
        Slice of the view at which the scan begins; before and after it are zeros.
    low, high
        Stored values that are mapped to 0 and 1.
    flips
        Axes that are flipped, of z, y, x.
    transpose
        Whether rows and columns are exchanged, after the flips.
    turns
        Quarter turns within slices, after the exchange.
    factor
        Of intensities or size, at the end; None: no scaling.
    """

    first: int
    low: float
    high: float
    flips: tuple[int, ...] = ()
    transpose: bool = False
    turns: int = 0
    factor: float | None = None


class VolumeAugmentation(Augmentation[VolumePlan]):
    """Random choice of slices, intensity range, flips, rotations and scale.

    All is done on the device but the scale of size, which SciPy interpolates on the processor.
    """

    def __init__(self, row: Row, input_row: VolumeInput) -> None:
        self.row, self.input = row, input_row

    def plan(self, scan: Extent, rng: np.random.Generator) -> VolumePlan:
        """Draw one view; see `Augmentation.plan`."""
        row, depth = self.row, self.input.depth
        ends = np.array([scan.value_min, scan.value_max])
        low, high = value_range(ends, input=self.input)
        if rng.random() < row.power_of_two:
            low, high = 0.0, float(power_of_two(scan.value_max))
        # a window of the scan, or the position of the scan between zeros, uniformly
        start = int(rng.integers(abs(scan.n_slices - depth) + 1))
        longer = scan.n_slices > depth
        slices = range(start, start + depth) if longer else range(scan.n_slices)
        first = 0 if longer else start
        if rng.random() >= row.gate:
            return VolumePlan(slices, first, low, high)
        return VolumePlan(
            slices,
            first,
            low,
            high,
            flips=tuple(axis for axis in range(3) if rng.random() < row.flip),
            transpose=bool(rng.random() < row.transpose),
            turns=int(rng.integers(4)) if row.rotate == "quarter_turns" else 0,
            factor=1 - rng.random() if rng.random() < row.scale else None,
        )

    def pack(self, raw: Voxels, plan: VolumePlan) -> tuple[Voxels, ...]:
        """Return the slices as they are, or a finished volume; see `Augmentation.pack`."""
        require_lattice(raw, side=self.input.matrix)
        if not self._resized(plan):
            return (raw,)
        volume = torch.empty(self.input.shape)
        self._place(tensor(raw), plan, volume[0])
        return (_shrunk(volume[0].numpy(), plan.factor or 1.0),)

    def apply(self, parts: Sequence[Tensor], plan: VolumePlan, *, out: Tensor) -> None:
        """Make float32 ``[1, depth, matrix, matrix]``; see `Augmentation.apply`."""
        if self._resized(plan):
            out[0].copy_(parts[0])
            return
        scan = self._place(parts[0], plan, out[0])
        if plan.factor is not None:
            scan.mul_(float(np.float32(plan.factor)))

    def _resized(self, plan: VolumePlan) -> bool:
        return plan.factor is not None and self.row.scale_mode == "spatial"

    def _place(self, raw: Tensor, plan: VolumePlan, volume: Tensor) -> Tensor:
        """Write the normalised, turned scan between zeros; return the part that the scan takes.

        The stored values are turned, which are half as many bytes as float32.
        """
        n_slices, depth = len(raw), len(volume)
        first = depth - plan.first - n_slices if 0 in plan.flips else plan.first
        scan = volume[first : first + n_slices]
        volume[:first].zero_()
        volume[first + n_slices :].zero_()
        if plan.high <= plan.low:
            return scan.zero_()
        turned = raw.flip(plan.flips) if plan.flips else raw
        turned = turned.transpose(1, 2) if plan.transpose else turned
        scan.copy_(torch.rot90(turned, plan.turns, (1, 2)) if plan.turns else turned)
        scan.sub_(float(np.float32(plan.low)))
        scan.mul_(float(np.float32(1 / (plan.high - plan.low))))
        return scan.clamp_(0, 1)


def power_of_two(maximum: int) -> int:
    """Return the smallest power of two above `maximum` (A-17).

    Raises
    ------
    ValueError
        If `maximum` is negative; prepared volumes have no negative value.
    """
    if maximum < 0:
        raise ValueError(f"the volume's maximum is {maximum}, expected >= 0 in a prepared volume")
    return 1 << maximum.bit_length()


def _shrunk(volume: Voxels, factor: float) -> Voxels:
    """Scale the size of a volume about its centre by a factor in (0, 1] (A-48)."""
    from scipy import ndimage  # takes 0.4 s to import; only this mode needs it

    centre = (np.asarray(volume.shape) - 1) / 2
    shrunk: Voxels = ndimage.affine_transform(
        volume, np.full(3, 1 / factor), offset=centre - centre / factor, order=1
    )
    return shrunk
