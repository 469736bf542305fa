"""lungs: segment lung and outside air in axial slices, on any value scale; find the lungs' ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label

SIDE = 128  # cells along the longer side of a slice
SLICES = 64  # first examined, evenly spaced over the volume
LEAST_PART = 0.003  # share of a slice; the trachea (3 of 1,200 cm2) is smaller
LEAST_SECTION = 0.02  # share of a slice; the largest section of any lung is larger
LEAST_OF_LARGEST = 0.04  # a section below this share of the largest lies outside the lungs

Mask = npt.NDArray[np.bool_]
_IN_PLANE = np.zeros((3, 3, 3), bool)
_IN_PLANE[1] = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]


@dataclass(frozen=True)
class Sections:
    """Masks [slice, row, column] of the slices `at`, with every `stride`-th row and column.

    Attributes
    ----------
    air
        Low values connected to the edge of the slice.
    lung
        Low values inside the body, in regions of at least `LEAST_PART`.
    """

    at: npt.NDArray[np.intp]
    stride: int
    air: Mask
    lung: Mask

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """Share of each slice that is lung."""
        lung_shares: npt.NDArray[np.float64] = self.lung.mean(axis=(1, 2))
        return lung_shares


def sections(voxels: npt.NDArray[np.int16], at: npt.NDArray[np.intp], *, split: float) -> Sections:
    """Mask air and lung in some slices.

    Parameters
    ----------
    voxels
        int16 [z, y, x].
    at
        Indices of slices.
    split
        Threshold: values at or below it are air or lung.
    """
    stride = max(1, -(-max(voxels.shape[1:]) // SIDE))
    low = voxels[at, ::stride, ::stride] <= split
    regions, count = label(low, structure=_IN_PLANE)
    outside = np.zeros(count + 1, bool)
    for edge in (regions[:, 0], regions[:, -1], regions[:, :, 0], regions[:, :, -1]):
        outside[np.unique(edge)] = True
    enclosed = np.bincount(regions.ravel(), minlength=count + 1) >= LEAST_PART * low[0].size
    enclosed &= ~outside
    outside[0] = enclosed[0] = False
    return Sections(at, stride, outside[regions], enclosed[regions])


def extent(voxels: npt.NDArray[np.int16], *, split: float) -> tuple[int, int] | None:
    """Return the first and the last slice with lung, None if there is none.

    The extent is the run of slices around the largest section, which leaves out gas in the bowel
    and air in the sinuses.
    """
    at = np.unique(np.linspace(0, len(voxels) - 1, min(SLICES, len(voxels))).astype(np.intp))
    shares = sections(voxels, at, split=split).shares
    if shares.max() < LEAST_SECTION:
        return None
    least = LEAST_OF_LARGEST * shares.max()
    first = last = int(np.argmax(shares))
    while first > 0 and shares[first - 1] >= least:
        first -= 1
    while last + 1 < len(at) and shares[last + 1] >= least:
        last += 1
    below = np.arange(at[first] - 1, at[first - 1] if first else at[first] - 1, -1)
    above = np.arange(at[last] + 1, at[last + 1] if last + 1 < len(at) else at[last] + 1)
    grown = [_grown(voxels, between, split=split, least=least) for between in (below, above)]
    return int(at[first]) - grown[0], int(at[last]) + grown[1]


def _grown(
    voxels: npt.NDArray[np.int16], between: npt.NDArray[np.intp], *, split: float, least: float
) -> int:
    """Return the number of slices between two examined ones that belong to the lungs."""
    if not len(between):
        return 0
    enough = sections(voxels, between, split=split).shares >= least
    return int(np.argmin(enough)) if not enough.all() else len(enough)
