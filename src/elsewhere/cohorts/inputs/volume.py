"""volume: convert a prepared CT volume to the input of a 3D network: windows (A-14, A-16)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from elsewhere.cohorts.view import Positions, View, Voxels, require_lattice
from elsewhere.design.inputs.volume import VolumeInput


class VolumeView(View):
    """Shows windows of `depth` slices over the whole volume, `stride` slices apart."""

    def __init__(self, row: VolumeInput) -> None:
        self.row = row

    def firsts(self, array: Voxels) -> tuple[int, ...]:
        """Return the first slice of each window; see `View.firsts`."""
        require_lattice(array, side=self.row.matrix)
        return starts(array.shape[0], depth=self.row.depth, stride=self.row.stride)

    def normalised(self, packed: Tensor) -> Tensor:
        """Return the volume between zeros, float32 ``[max(z, depth), y, x]`` (A-14, A-16).

        If the number of padding slices is odd, the extra one is at the superior end.
        """
        n_slices = len(packed)
        before = max(0, self.row.depth - n_slices) // 2
        low, high = value_range(packed, input=self.row)
        shape = (max(n_slices, self.row.depth), *packed.shape[1:])
        volume = packed.new_zeros(shape, dtype=torch.float32)
        rescale(packed, low=low, high=high, out=volume[before : before + n_slices])
        return volume

    def cut(self, seen: Tensor, *, first: int) -> Tensor:
        """Return one window, float32 ``[1, depth, y, x]``; see `View.cut`."""
        return seen[None, first : first + self.row.depth]

    def positions(self, n_slices: int, *, first: int) -> Positions:
        """Return the slices of a window, padding on both sides; see `View.positions`."""
        before = max(0, self.row.depth - n_slices) // 2
        slices = range(first - before, first - before + self.row.depth)
        return tuple(index if 0 <= index < n_slices else None for index in slices)


def starts(n_slices: int, *, depth: int, stride: int) -> tuple[int, ...]:
    """Return the first slices of the evaluation windows (A-16).

    The last window ends at the last slice, so that every slice is seen ([AMB] A-16).

    Raises
    ------
    ValueError
        If there is no slice, or the stride would skip slices.
    """
    if n_slices < 1:
        raise ValueError(f"got {n_slices} slices, expected at least 1")
    if not 1 <= stride <= depth:
        raise ValueError(f"stride is {stride}, expected 1 to the depth of {depth} slices")
    last = max(0, n_slices - depth)
    return (*range(0, last, stride), last)


def value_range(array: Voxels | Tensor, *, input: VolumeInput) -> tuple[float, float]:
    """Return the stored values that are mapped to 0 and 1 (A-14).

    Parameters
    ----------
    array
        Whole prepared volume [z, y, x], values >= 0 (prepare subtracts clip_min_hu).
    input
        Its `normalise` chooses the volume's own range or the fixed clip range.

    Raises
    ------
    ValueError
        If the fixed range is chosen and one of the clips is not set.
    """
    if input.normalise == "volume":
        return float(array.min()), float(array.max())
    if input.clip_min_hu is None or input.clip_max_hu is None:
        raise ValueError(
            f"normalise: fixed needs both clips, got clip_min_hu {input.clip_min_hu} and "
            f"clip_max_hu {input.clip_max_hu}; set both or use normalise: volume"
        )
    return 0.0, input.clip_max_hu - input.clip_min_hu


def rescale(values: Tensor, *, low: float, high: float, out: Tensor) -> None:
    """Write (values - low) / (high - low), clipped to 0..1, to `out`; a constant scan gives 0.

    The operations are those of float32, one after the other, so that all devices give the same
    bits.
    """
    if high <= low:
        out.zero_()
        return
    out.copy_(values)
    out.sub_(float(np.float32(low)))
    out.mul_(float(np.float32(1 / (high - low))))
    out.clamp_(0, 1)
