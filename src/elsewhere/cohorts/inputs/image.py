"""image: convert a prepared image to the input of a 2D network: resize, normalise (B-20, D-03)."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from elsewhere.cohorts.view import Floats, Positions, View, Voxels, require_lattice
from elsewhere.design.inputs.image import ImageInput
from elsewhere.imaging import resample

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_SD = (0.229, 0.224, 0.225)


class ImageView(View):
    """Shows the whole image, resized to the network's matrix."""

    def __init__(self, row: ImageInput) -> None:
        self.row = row

    def firsts(self, array: Voxels) -> tuple[int, ...]:
        """Return the only slice; see `View.firsts`."""
        require_stored(array, input=self.row)
        return (0,)

    def pack(self, array: Voxels) -> Voxels:
        """Return the finished image: it is resized and normalised on the CPU; see `View.pack`."""
        return shrunk(array, input=self.row)

    def normalised(self, packed: Tensor) -> Tensor:
        """Return the image; see `View.normalised`."""
        return packed

    def cut(self, seen: Tensor, *, first: int) -> Tensor:
        """Return the image, float32 ``[channels, y, x]``; see `View.cut`."""
        del first
        return seen

    def positions(self, n_slices: int, *, first: int) -> Positions:
        """Return the only slice; see `View.positions`."""
        del n_slices, first
        return (0,)


def shrunk(array: Voxels, *, input: ImageInput) -> Floats:
    """Resize a stored image to the network's matrix with anti-aliasing; normalise it (D-03).

    Parameters
    ----------
    array
        Prepared image [1, stored_matrix, stored_matrix], uint8, or with its proportions.

    Returns
    -------
    numpy.ndarray
        float32 [channels, matrix, matrix].
    """
    require_stored(array, input=input)
    image = resample.in_plane(array, rows=input.matrix, columns=input.matrix)[0]
    return channels(image, input=input)


def require_stored(array: Voxels, *, input: ImageInput) -> None:
    """Raise ValueError unless an array is an image as `prepare` stores it for this input."""
    if input.proportions == "stretched":
        require_lattice(array, side=input.stored_matrix)
    elif array.ndim != 3 or len(array) != 1 or min(array.shape[1:]) != input.stored_matrix:
        raise ValueError(
            f"got an array of shape {array.shape}, expected [1, y, x] with a shorter side of "
            f"{input.stored_matrix} for this input; run `prepare` again if the input was changed"
        )


def channels(image: Floats, *, input: ImageInput) -> Floats:
    """Normalise a grey image with values 0..255 and repeat it in all channels (D-03).

    Parameters
    ----------
    image
        [y, x], the part that the network sees.
    input
        Its `normalise` chooses zero mean and unit variance of this image, or ImageNet's mean and
        SD (averaged over the colours for a single channel).

    Returns
    -------
    numpy.ndarray
        float32 [channels, y, x].
    """
    repeated = np.repeat(image[None].astype(np.float32), input.channels, axis=0)
    if input.normalise == "image":
        deviation = float(image.std())
        return (repeated - np.float32(image.mean())) / np.float32(deviation or 1.0)
    mean, sd = np.asarray(IMAGENET_MEAN, np.float32), np.asarray(IMAGENET_SD, np.float32)
    if input.channels == 1:
        mean, sd = mean.mean(keepdims=True), sd.mean(keepdims=True)
    scaled: Floats = (repeated / np.float32(255) - mean[:, None, None]) / sd[:, None, None]
    return scaled
