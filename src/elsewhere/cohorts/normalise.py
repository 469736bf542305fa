"""normalise: stored intensities to what a network sees (A-14, A-17; D-03)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elsewhere.design.parts import ImageInput, VolumeInput

Voxels = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float32]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_SD = (0.229, 0.224, 0.225)


def value_range(array: Voxels, *, input: VolumeInput) -> tuple[float, float]:
    """Return the stored values that become 0 and 1 (A-14).

    Parameters
    ----------
    array
        Whole prepared volume [z, y, x], values >= 0 (prepare subtracts clip_min_hu).
    input
        `normalise` chooses the volume's own range or the fixed clip range.

    Raises
    ------
    ValueError
        If the fixed range is asked for and one of the clips is not set.
    """
    if input.normalise == "volume":
        return float(array.min()), float(array.max())
    if input.clip_min_hu is None or input.clip_max_hu is None:
        raise ValueError(
            f"normalise: fixed needs both clips, got clip_min_hu {input.clip_min_hu} and "
            f"clip_max_hu {input.clip_max_hu}; set both or use normalise: volume"
        )
    return 0.0, input.clip_max_hu - input.clip_min_hu


def power_of_two(maximum: int) -> int:
    """Return the smallest power of two above `maximum` (A-17).

    Raises
    ------
    ValueError
        If `maximum` is negative: prepared volumes are not.
    """
    if maximum < 0:
        raise ValueError(f"the volume's maximum is {maximum}, prepared volumes are >= 0")
    return 1 << maximum.bit_length()


def rescale(array: Voxels, *, low: float, high: float, out: Floats) -> None:
    """Write (array - low) / (high - low), cut to 0..1, to `out`; a constant array gives zeros."""
    if high <= low:
        out[...] = 0
        return
    np.subtract(array, np.float32(low), out=out, casting="unsafe")
    out *= np.float32(1 / (high - low))
    np.clip(out, 0, 1, out=out)


def channels(image: Floats, *, input: ImageInput) -> Floats:
    """Normalise a grey image of values 0..255 and repeat it to the channels (D-03).

    Parameters
    ----------
    image
        [y, x], the part that the network sees.
    input
        `normalise`: zero mean and unit variance of this image, or ImageNet's mean and SD
        (for one channel their means).

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
