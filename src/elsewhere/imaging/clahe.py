"""clahe: equalise the contrast of a grey image tile by tile (CLAHE, B-19).

Zuiderveld 1994, Contrast Limited Adaptive Histogram Equalization, Graphics Gems IV. The result is
that of `skimage.exposure.equalize_adapthist`, bit for bit, since the paper resizes with that
library and names no other (B-21). That function makes some 30 arrays of the whole image; an image
of 8 bits has 256 greys, so tables take their place here, and strips of rows stay in the cache of
the processor.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from skimage.exposure import rescale_intensity
from skimage.exposure._adapthist import clip_histogram, map_histogram
from skimage.util import img_as_uint

Image = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float64]

_LEVELS, _BINS = 2**14, 256  # of scikit-image: of its result, and of a histogram
_AT_ONCE = 1 << 16  # pixels of a strip


def equalised(image: Image, *, clip_limit: float, tiles: int) -> npt.NDArray[np.float32]:
    """Return an image with its contrast equalised by the histograms of its tiles.

    The image is first stretched to its full range, so that neither an offset nor a factor of its
    grey values changes the result; the result is stretched as well. A constant image has no
    contrast and stays as it is.

    Parameters
    ----------
    image
        [y, x], 0 to 255.
    clip_limit
        Maximum share of a tile's pixels in one of the 256 grey levels; the excess is spread over
        all levels. It limits the amplification of noise; 1 is no limit.
    tiles
        Tiles per side; between tile centres the mappings are interpolated.

    Returns
    -------
    numpy.ndarray
        float32 [y, x], 0 to 255.
    """
    values = image.astype(np.uint8)
    if values.min() == values.max():
        return values.astype(np.float32)
    sides = [max(1, side // tiles) for side in values.shape]
    bins = _binned(values)
    levels = _interpolated(bins, _mappings(bins, sides, clip_limit), sides)
    least, most = int(levels.min()), int(levels.max())
    table = np.zeros(most + 1, np.float32)
    table[least:] = rescale_intensity(np.arange(least, most + 1, dtype=np.float64)) * 255
    return table[levels]


def _binned(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the bin of the histogram of each pixel, after a stretch to the full range."""
    least, most = int(values.min()), int(values.max())
    greys = img_as_uint(np.arange(least, most + 1, dtype=np.uint8))
    stretched = np.round(rescale_intensity(greys, out_range=(0, _LEVELS - 1)))
    table = np.zeros(_BINS, np.uint8)
    table[least : most + 1] = stretched.astype(np.uint16) // (1 + _LEVELS // _BINS)
    return table[values]


def _mappings(bins: npt.NDArray[np.uint8], sides: list[int], clip_limit: float) -> Floats:
    """Return the level of each bin, by tile [y, x, bin], with the outermost tiles twice."""
    padded = np.pad(bins, [(0, -size % side) for size, side in zip(bins.shape, sides, strict=True)],
                    mode="reflect")  # fmt: skip
    rows, columns = (size // side for size, side in zip(padded.shape, sides, strict=True))
    pixels = sides[0] * sides[1]
    limit = int(np.clip(clip_limit * pixels, 1, None))
    found = np.empty((rows, columns, _BINS))
    for y, x in np.ndindex(rows, columns):
        tile = padded[y * sides[0] :, x * sides[1] :][: sides[0], : sides[1]]
        counts = clip_histogram(np.bincount(tile.ravel(), minlength=_BINS), limit)
        found[y, x] = map_histogram(counts, 0, _LEVELS - 1, pixels)
    return np.pad(found, [(1, 1), (1, 1), (0, 0)], mode="edge")


def _interpolated(
    bins: npt.NDArray[np.uint8], mappings: Floats, sides: list[int]
) -> npt.NDArray[np.uint16]:
    """Return each pixel's level, between those that the four nearest tiles map its bin to."""
    found = np.empty(bins.shape, np.uint16)
    (above, down), (left, right) = (_places(*one) for one in zip(bins.shape, sides, strict=True))
    first = left * _BINS
    for rows in _strips(above, bins.shape[1]):
        at = first + bins[rows]
        total = np.zeros(at.shape, np.float32)
        for below in (0, 1):
            table = mappings[above[rows.start] + below].ravel()
            of_rows = down[rows] if below else 1 - down[rows]
            for beyond in (0, 1):
                of_columns = right if beyond else 1 - right
                levels = table[_BINS * beyond :].take(at, mode="clip")
                levels *= of_columns * of_rows[:, None]
                total += levels.astype(np.float32)
        found[rows] = total
    return found


def _places(size: int, side: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return the tile before each pixel of an axis, and the weight of the tile after it."""
    places = np.arange(size) + side // 2
    return places // side, np.arange(side)[places % side] / side


def _strips(above: npt.NDArray[np.intp], width: int) -> Iterator[slice]:
    """Yield rows that lie between the same tiles, few enough for the processor's cache."""
    most = max(1, _AT_ONCE // width)
    edges = [0, *(np.flatnonzero(np.diff(above)) + 1), len(above)]
    for start, end in pairwise(edges):
        for row in range(start, end, most):
            yield slice(row, min(row + most, end))
