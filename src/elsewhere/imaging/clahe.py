"""clahe: contrast-limited adaptive histogram equalisation of a grey image (B-19).

Zuiderveld 1994, Contrast Limited Adaptive Histogram Equalization, Graphics Gems IV; scikit-image's,
as the paper resizes with that library and names no other (B-21).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.exposure import equalize_adapthist

Image = npt.NDArray[np.generic]


def equalised(image: Image, *, clip_limit: float, tiles: int) -> npt.NDArray[np.float32]:
    """Return an image whose greys are spread, by the histograms of tiles all over it.

    The image is stretched to its own range first, so that neither a shift nor a factor of its
    greys changes the result; so is what comes out. An image of one grey has no contrast and stays
    as it is.

    Parameters
    ----------
    image
        [y, x], 0 to 255.
    clip_limit
        Most of a tile's pixels that may share one of 256 greys, a share; what is above is spread
        over all greys. It limits how much noise is raised; 1 is no limit.
    tiles
        Tiles a side; between the middles of tiles their mappings are interpolated.

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
