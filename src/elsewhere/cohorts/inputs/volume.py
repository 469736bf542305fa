"""volume: convert a prepared CT volume to the input of a 3D network: windows (A-14, A-16)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from elsewhere.cohorts.view import Floats, Positions, View, Voxels, Window, require_lattice
from elsewhere.design.inputs.volume import VolumeInput


class VolumeView(View):
    """Shows windows of `depth` slices over the whole volume, `stride` slices apart."""

    def __init__(self, row: VolumeInput) -> None:
        self.row = row

    def windows(self, array: Voxels) -> Iterator[Window]:
        """Yield each window, float32 ``[1, depth, y, x]``; see `View.windows`."""
        volume = padded(array, input=self.row)
        for first in starts(array.shape[0], depth=self.row.depth, stride=self.row.stride):
            yield first, volume[None, first : first + self.row.depth]

    def window(self, array: Voxels, *, first: int) -> Floats:
        """Return one window; see `View.window`."""
        return padded(array, input=self.row)[None, first : first + self.row.depth]

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


def padded(array: Voxels, *, input: VolumeInput) -> Floats:
    """Normalise a volume and pad it with zero slices on both sides to `depth` (A-14, A-16).

    Parameters
    ----------
    array
        Prepared volume [z, y, x], int16 or uint8.

    Returns
    -------
    numpy.ndarray
        float32 [max(z, depth), y, x]; if the number of padding slices is odd, the extra one is at
        the superior end.

    Raises
    ------
    ValueError
        If the volume does not have the matrix of the input.
    """
    require_lattice(array, side=input.matrix)
    n_slices = array.shape[0]
    before = max(0, input.depth - n_slices) // 2
    low, high = value_range(array, input=input)
    volume = np.zeros((max(n_slices, input.depth), *array.shape[1:]), np.float32)
    rescale(array, low=low, high=high, out=volume[before : before + n_slices])
    return volume


def value_range(array: Voxels, *, input: VolumeInput) -> tuple[float, float]:
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


def rescale(array: Voxels, *, low: float, high: float, out: Floats) -> None:
    """Write (array - low) / (high - low), clipped to 0..1, to `out`; a constant array gives 0."""
    if high <= low:
        out[...] = 0
        return
    np.subtract(array, np.float32(low), out=out, casting="unsafe")
    out *= np.float32(1 / (high - low))
    np.clip(out, 0, 1, out=out)
