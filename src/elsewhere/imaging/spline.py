"""spline: resize the slices of a volume with scikit-image, as the paper does (B-21)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.transform import resize


def in_plane(
    volume: npt.NDArray[np.generic], *, rows: int, columns: int
) -> npt.NDArray[np.float32]:
    """Resize every slice to rows x columns by a spline of first order.

    Where an axis shrinks by a factor f, it is first smoothed by a Gaussian of (f - 1) / 2 pixels,
    so that finer detail does not alias. Pixel centres are aligned by area, as those of
    `resample.in_plane`. Values outside the image are 0, so the outermost pixels get darker.

    Parameters
    ----------
    volume
        [z, y, x], any real type.
    rows, columns
        Shape of the slices returned.

    Returns
    -------
    numpy.ndarray
        float32 [z, rows, columns], within the range of 0 and the values of the slice.
    """
    values = volume.astype(np.float32)
    resized = [
        resize(
            plane, (rows, columns), order=1, mode="constant", cval=0,
            anti_aliasing=True, preserve_range=True,
        )
        for plane in values
    ]  # fmt: skip
    return np.asarray(resized, dtype=np.float32)
