"""clahe: equalise the contrast of a grey image tile by tile (CLAHE, B-19).

Zuiderveld 1994, Contrast Limited Adaptive Histogram Equalization, Graphics Gems IV. The
implementation is that of scikit-image, since the paper resizes with that library and names no
other (B-21).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.exposure import equalize_adapthist

Image = npt.NDArray[np.generic]


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
    spread = equalize_adapthist(values, kernel_size=sides, clip_limit=clip_limit)
    return np.asarray(spread * 255, dtype=np.float32)
