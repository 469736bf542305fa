"""augment: what a scan looks like at one training iteration (A-15, A-17, A-44 to A-48; D-04)."""

from __future__ import annotations

import numpy as np

from elsewhere.cohorts.normalise import (
    Floats,
    Voxels,
    channels,
    power_of_two,
    rescale,
    value_range,
)
from elsewhere.cohorts.windows import image_tensor, require_lattice
from elsewhere.design.budgets import ImageAugmentation, VolumeAugmentation
from elsewhere.design.parts import ImageInput, VolumeInput


def augment(
    array: Voxels,
    *,
    input: VolumeInput | ImageInput,
    augmentation: VolumeAugmentation | ImageAugmentation,
    rng: np.random.Generator,
) -> Floats:
    """Draw one random view of a scan.

    Parameters
    ----------
    array
        Prepared scan: [z, matrix, matrix], or [1, stored_matrix, stored_matrix] of an image.
    input, augmentation
        Both of the same kind.
    rng
        Source of every choice: the same state gives the same view.

    Returns
    -------
    numpy.ndarray
        float32 [1, depth, matrix, matrix], or [channels, matrix, matrix].

    Raises
    ------
    TypeError
        If an image augmentation meets a volume, or the other way round.
    ValueError
        If the array has not the input's lattice.
    """
    if isinstance(input, VolumeInput) and isinstance(augmentation, VolumeAugmentation):
        return _volume(array, input, augmentation, rng)
    if isinstance(input, ImageInput) and isinstance(augmentation, ImageAugmentation):
        return _image(array, input, augmentation, rng)
    raise TypeError(
        f"input is of kind {input.kind}, augmentation of kind {augmentation.kind}: "
        "name a budget whose augmentation fits the input"
    )


def _volume(
    array: Voxels,
    input: VolumeInput,
    augmentation: VolumeAugmentation,
    rng: np.random.Generator,
) -> Floats:
    require_lattice(array, side=input.matrix)
    low, high = value_range(array, input=input)
    if rng.random() < augmentation.power_of_two:
        low, high = 0.0, float(power_of_two(int(array.max())))
    volume = _random_depth(array, input.depth, (low, high), rng)
    if rng.random() < augmentation.gate:
        volume = _scaled(_turned(volume, augmentation, rng), augmentation, rng)
    return np.ascontiguousarray(volume)[None]


def _random_depth(
    array: Voxels, depth: int, bounds: tuple[float, float], rng: np.random.Generator
) -> Floats:
    """Choose `depth` slices, or where zero slices go, every place as likely (A-15)."""
    n_slices = array.shape[0]
    place = int(rng.integers(abs(n_slices - depth) + 1))
    source = slice(place, place + depth) if n_slices > depth else slice(None)
    target = slice(None) if n_slices > depth else slice(place, place + n_slices)
    volume = np.zeros((depth, *array.shape[1:]), np.float32)
    rescale(array[source], low=bounds[0], high=bounds[1], out=volume[target])
    return volume


def _turned(volume: Floats, augmentation: VolumeAugmentation, rng: np.random.Generator) -> Floats:
    """Flip each axis (A-45), transpose (A-46) and rotate (A-47); rows and columns never meet z."""
    flipped = tuple(axis for axis in range(3) if rng.random() < augmentation.flip)
    volume = np.flip(volume, flipped)
    if rng.random() < augmentation.transpose:
        volume = volume.transpose(0, 2, 1)
    if augmentation.rotate == "quarter_turns":
        volume = np.rot90(volume, k=int(rng.integers(4)), axes=(1, 2))
    return volume


def _scaled(volume: Floats, augmentation: VolumeAugmentation, rng: np.random.Generator) -> Floats:
    """Multiply intensities, or shrink about the centre, by a factor uniform in (0, 1] (A-48)."""
    if rng.random() >= augmentation.scale:
        return volume
    factor = 1 - rng.random()
    if augmentation.scale_mode == "intensity":
        return volume * np.float32(factor)
    from scipy import ndimage  # 0.4 s, which predictions and the other mode do not need

    centre = (np.asarray(volume.shape) - 1) / 2
    shrunk: Floats = ndimage.affine_transform(
        volume, np.full(3, 1 / factor), offset=centre - centre / factor, order=1
    )
    return shrunk


def _image(
    array: Voxels,
    input: ImageInput,
    augmentation: ImageAugmentation,
    rng: np.random.Generator,
) -> Floats:
    """Crop and flip (D-04), then normalise what is left (D-03)."""
    if augmentation.crop:
        require_lattice(array, side=input.stored_matrix)
        top, left = rng.integers(input.stored_matrix - input.matrix + 1, size=2)
        part = array[0, top : top + input.matrix, left : left + input.matrix]
        image = channels(part.astype(np.float32), input=input)
    else:
        image = image_tensor(array, input=input)
    if rng.random() < augmentation.flip_vertical:
        image = image[:, ::-1]
    if rng.random() < augmentation.flip_horizontal:
        image = image[:, :, ::-1]
    return np.ascontiguousarray(image)
