"""windows: a whole scan as the network is evaluated on it (A-14, A-16; D-03)."""

from __future__ import annotations

import numpy as np

from elsewhere.cohorts.normalise import Floats, Voxels, channels, rescale, value_range
from elsewhere.design.parts import ImageInput, VolumeInput
from elsewhere.imaging import resample


def starts(n_slices: int, *, depth: int, stride: int) -> tuple[int, ...]:
    """Return the first slices of the evaluation windows (A-16).

    The last window is anchored to the last slice, so that every slice is seen ([AMB] A-16).

    Raises
    ------
    ValueError
        If there is no slice, or the stride jumps over slices.
    """
    if n_slices < 1:
        raise ValueError(f"got {n_slices} slices, expected at least 1")
    if not 1 <= stride <= depth:
        raise ValueError(f"stride is {stride}, expected 1 to the depth of {depth} slices")
    last = max(0, n_slices - depth)
    return (*range(0, last, stride), last)


def padded_volume(array: Voxels, *, input: VolumeInput) -> Floats:
    """Normalise a volume and centre it in at least `depth` slices (A-14, A-16).

    Parameters
    ----------
    array
        Prepared volume [z, y, x], int16 or uint8.

    Returns
    -------
    numpy.ndarray
        float32 [max(z, depth), y, x]; of an odd number of padding slices the extra one is the
        most superior.

    Raises
    ------
    ValueError
        If the volume has not the input's matrix.
    """
    require_lattice(array, side=input.matrix)
    n_slices = array.shape[0]
    before = max(0, input.depth - n_slices) // 2
    low, high = value_range(array, input=input)
    volume = np.zeros((max(n_slices, input.depth), *array.shape[1:]), np.float32)
    rescale(array, low=low, high=high, out=volume[before : before + n_slices])
    return volume


def image_tensor(array: Voxels, *, input: ImageInput) -> Floats:
    """Shrink a stored image to the network's matrix, anti-aliased, and normalise it (D-03).

    Parameters
    ----------
    array
        Prepared image [1, stored_matrix, stored_matrix], uint8.

    Returns
    -------
    numpy.ndarray
        float32 [channels, matrix, matrix].
    """
    require_lattice(array, side=input.stored_matrix)
    image = resample.in_plane(array, rows=input.matrix, columns=input.matrix)[0]
    return channels(image, input=input)


def evaluation_tensor(array: Voxels, *, input: VolumeInput | ImageInput) -> Floats:
    """Return all that the network sees of one scan when it is evaluated.

    Returns
    -------
    numpy.ndarray
        float32 [windows, 1, depth, y, x], or [1, channels, y, x] of an image.
    """
    if isinstance(input, ImageInput):
        return image_tensor(array, input=input)[None]
    volume = padded_volume(array, input=input)
    firsts = starts(array.shape[0], depth=input.depth, stride=input.stride)
    return np.stack([volume[None, first : first + input.depth] for first in firsts])


def require_lattice(array: Voxels, *, side: int) -> None:
    """Raise ValueError unless `array` is [z, side, side]."""
    if array.ndim != 3 or array.shape[1:] != (side, side) or array.shape[0] < 1:
        raise ValueError(
            f"got an array of shape {array.shape}, expected [z, {side}, {side}] as the input "
            "says; run `prepare` again if the input was changed"
        )
