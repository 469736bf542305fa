"""volume: augmentation of CT volumes during training (A-15, A-17, A-44 to A-48)."""

from __future__ import annotations

import numpy as np

from elsewhere.cohorts.augmentation import Augmentation
from elsewhere.cohorts.inputs.volume import rescale, value_range
from elsewhere.cohorts.view import Floats, Voxels, require_lattice
from elsewhere.design.augmentations.volume import VolumeAugmentation as Row
from elsewhere.design.inputs.volume import VolumeInput


class VolumeAugmentation(Augmentation):
    """Random choice of slices, intensity range, flips, rotations and scale."""

    def __init__(self, row: Row, input_row: VolumeInput) -> None:
        self.row, self.input = row, input_row

    def draw(self, array: Voxels, rng: np.random.Generator) -> Floats:
        """Draw float32 ``[1, depth, matrix, matrix]``; see `Augmentation.draw`."""
        require_lattice(array, side=self.input.matrix)
        low, high = value_range(array, input=self.input)
        if rng.random() < self.row.power_of_two:
            low, high = 0.0, float(power_of_two(int(array.max())))
        volume = _random_depth(array, self.input.depth, (low, high), rng)
        if rng.random() < self.row.gate:
            volume = _scaled(_flipped_and_rotated(volume, self.row, rng), self.row, rng)
        return np.ascontiguousarray(volume)[None]


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


def _random_depth(
    array: Voxels, depth: int, bounds: tuple[float, float], rng: np.random.Generator
) -> Floats:
    """Choose `depth` consecutive slices, or the position of zero padding, uniformly (A-15)."""
    n_slices = array.shape[0]
    start = int(rng.integers(abs(n_slices - depth) + 1))
    source = slice(start, start + depth) if n_slices > depth else slice(None)
    target = slice(None) if n_slices > depth else slice(start, start + n_slices)
    volume = np.zeros((depth, *array.shape[1:]), np.float32)
    rescale(array[source], low=bounds[0], high=bounds[1], out=volume[target])
    return volume


def _flipped_and_rotated(volume: Floats, augmentation: Row, rng: np.random.Generator) -> Floats:
    """Flip along each axis (A-45), transpose (A-46) and rotate (A-47) within the axial plane."""
    axes = tuple(axis for axis in range(3) if rng.random() < augmentation.flip)
    volume = np.flip(volume, axes)
    if rng.random() < augmentation.transpose:
        volume = volume.transpose(0, 2, 1)
    if augmentation.rotate == "quarter_turns":
        volume = np.rot90(volume, k=int(rng.integers(4)), axes=(1, 2))
    return volume


def _scaled(volume: Floats, augmentation: Row, rng: np.random.Generator) -> Floats:
    """Scale intensities, or size about the centre, by a uniform factor in (0, 1] (A-48)."""
    if rng.random() >= augmentation.scale:
        return volume
    factor = 1 - rng.random()
    if augmentation.scale_mode == "intensity":
        return volume * np.float32(factor)
    from scipy import ndimage  # takes 0.4 s to import; only this mode needs it

    centre = (np.asarray(volume.shape) - 1) / 2
    shrunk: Floats = ndimage.affine_transform(
        volume, np.full(3, 1 / factor), offset=centre - centre / factor, order=1
    )
    return shrunk
