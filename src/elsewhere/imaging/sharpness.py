"""sharpness: measure how blurred edges are, whatever their height and direction."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

SIDE = 512  # pixels of the middle of a larger picture; a radiograph has ten times as many
BLURS_PX = (1.0, 2.0)
LEAST_EDGE = 50  # pixels
SEVERAL = 0.5  # share of the steepest edge pixels: the others are of thin or weak structures


def edge_px(slices: npt.NDArray[np.int16], *, split: float) -> float:
    """Return how much edges are blurred: the standard deviation of a Gaussian, in pixels.

    The slope of a step that a Gaussian of s pixels has blurred is proportional to 1 / s. Blurring
    it once more by a, and by b, gives slopes whose squares have the ratio (s2 + b2) / (s2 + a2),
    from which s follows without the height of the step (Zhuo and Sim 2011, section 3). The median
    is taken over the edges between air and tissue.

    Parameters
    ----------
    slices
        int16 [slice, y, x].
    split
        What separates air from tissue, see `elsewhere.imaging.tissue.threshold`.

    Returns
    -------
    float
        0 for a perfect step; NaN with fewer than `LEAST_EDGE` edge pixels.
    """
    low, high = BLURS_PX
    ratios = [_squared_ratios(_middle(plane).astype(np.float32), split) for plane in slices]
    found = np.concatenate([np.zeros(0, np.float32), *ratios])
    if len(found) < LEAST_EDGE:
        return math.nan
    ratio = float(np.median(found))
    if ratio <= 1:  # not an edge but a ramp
        return math.nan
    return math.sqrt(max(0.0, (high**2 - ratio * low**2) / (ratio - 1)))


def _middle(plane: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    starts = [max(0, (length - SIDE) // 2) for length in plane.shape]
    return plane[starts[0] : starts[0] + SIDE, starts[1] : starts[1] + SIDE]


def _squared_ratios(plane: npt.NDArray[np.float32], split: float) -> npt.NDArray[np.float32]:
    smooth = gaussian_filter(plane, BLURS_PX[0])
    above = smooth > split
    edge = np.zeros(plane.shape, bool)
    edge[:, :-1] |= above[:, :-1] != above[:, 1:]
    edge[:-1] |= above[:-1] != above[1:]
    steep, flat = (gaussian_gradient_magnitude(plane, blur)[edge] for blur in BLURS_PX)
    if not edge.any():
        return np.zeros(0, np.float32)
    chosen = (steep >= np.quantile(steep, 1 - SEVERAL)) & (flat > 0)
    ratios: npt.NDArray[np.float32] = (steep[chosen] / flat[chosen]) ** 2
    return ratios
