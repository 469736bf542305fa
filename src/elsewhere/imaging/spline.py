"""spline: resize the slices of a volume as scikit-image does, with which the paper resizes (B-21).

The result is that of `skimage.transform.resize`. That function smooths the whole image and then
looks at few of its pixels, of a radiograph at two of ten along each axis. Here only those are
smoothed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse

Slice = npt.NDArray[np.float32]


class _Axis(NamedTuple):
    """What is done to one axis of an image.

    Attributes
    ----------
    smooth
        [seen, pixels]: weights of the pixels in those that are seen, smoothed.
    near
        [2, places]: which of the seen lie before and after a place of the new lattice.
    share
        [2, places]: their weights; outside the image 0.
    """

    smooth: sparse.csr_array
    near: npt.NDArray[np.intp]
    share: npt.NDArray[np.float64]


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
        [z, y, x], any real type, finite.
    rows, columns
        Shape of the slices returned.

    Returns
    -------
    numpy.ndarray
        float32 [z, rows, columns], within the range of 0 and the values of the slice.
    """
    values = volume.astype(np.float32)
    down, across = (
        _axis(before, after)
        for before, after in zip(values.shape[1:], (rows, columns), strict=True)
    )
    resized = np.empty((len(values), rows, columns), np.float32)
    for index, plane in enumerate(values):
        resized[index] = _clipped(_resized(plane, down, across), plane)
    return resized


@lru_cache(maxsize=32)  # sites have images of few sizes
def _axis(before: int, after: int) -> _Axis:
    """Return how an axis of `before` pixels becomes one of `after`."""
    factor = before / after
    places = (np.arange(after) + 0.5) * factor - 0.5
    left = np.floor(places).astype(int)
    share = 1 - (places - left)
    pixels, shares = np.stack([left, left + 1]), np.stack([share, 1 - share])
    outside = (pixels < 0) | (pixels >= before)
    seen, near = np.unique(pixels.clip(0, before - 1), return_inverse=True)
    smooth = _smoothing(seen, before, max(0.0, (factor - 1) / 2))
    return _Axis(smooth, near.reshape(pixels.shape), np.where(outside, 0, shares))


def _smoothing(seen: npt.NDArray[np.intp], pixels: int, sigma: float) -> sparse.csr_array:
    """Return the weights of each pixel in those that are seen, [seen, pixels]."""
    radius = int(4 * sigma + 0.5)  # where SciPy cuts off a Gaussian
    kernel = np.zeros(2 * radius + 1)
    kernel[radius] = 1
    if sigma > 0:
        kernel = ndimage.gaussian_filter1d(kernel, sigma, mode="constant")
    columns = seen[:, None] + np.arange(-radius, radius + 1)
    inside = (columns >= 0) & (columns < pixels)
    rows, taps = np.nonzero(inside)
    return sparse.csr_array((kernel[taps], (rows, columns[inside])), shape=(len(seen), pixels))


def _resized(plane: Slice, down: _Axis, across: _Axis) -> Slice:
    """Smooth both axes, each to float32 as SciPy does, and interpolate in SciPy's order.

    Half a grey rounds up or down by the last bit.
    """
    smooth = (down.smooth @ plane).astype(np.float32)
    seen = (across.smooth @ smooth.T).astype(np.float32).T
    found = np.zeros((down.near.shape[1], across.near.shape[1]))
    for rows, of_rows in zip(down.near, down.share, strict=True):
        weighted = seen[rows] * of_rows[:, None]
        for columns, of_columns in zip(across.near, across.share, strict=True):
            found += weighted.take(columns, axis=1) * of_columns
    return found.astype(np.float32)


def _clipped(found: Slice, plane: Slice) -> Slice:
    """Keep to the range of the slice, and to 0 where outside values were put in."""
    least, most = float(plane.min()), float(plane.max())
    if found.min() <= 0 <= found.max():
        least, most = min(least, 0.0), max(most, 0.0)
    return found.clip(least, most)
