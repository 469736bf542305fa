"""resample: resize the slices of a volume by in-plane linear interpolation; z is unchanged."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image


def in_plane(
    volume: npt.NDArray[np.generic], *, rows: int, columns: int
) -> npt.NDArray[np.float32]:
    """Interpolate every slice linearly to rows x columns (A-10, D-03).

    Pixel centres are aligned by area: the corners of the images coincide, not the centres of the
    corner pixels. Where an axis shrinks, the triangle kernel widens with it, so that detail finer
    than the new lattice is averaged and does not alias. No value leaves the range of the input.

    Parameters
    ----------
    volume
        [z, y, x], any real type.
    rows, columns
        Shape of the slices returned.

    Returns
    -------
    numpy.ndarray
        float32 [z, rows, columns].
    """
    values = volume.astype(np.float32)
    if values.shape[1:] == (rows, columns):
        return values
    resized = np.empty((len(values), rows, columns), np.float32)
    for index, plane in enumerate(values):
        image = Image.fromarray(plane).resize((columns, rows), Image.Resampling.BILINEAR)
        resized[index] = np.asarray(image)
    return resized
