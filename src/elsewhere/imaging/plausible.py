"""plausible: measure whether values that are called HU look like HU of a body in air."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Air is -1000 HU and inflated lung -950 to -600; fat is -120 to -60, muscle and blood 20 to 80,
# with contrast agent up to 250. Scanners are off by some 20 HU, noise by 50.
AIR_HU = (-1150, -550)
TISSUE_HU = (-250, 300)
_LEAST_SHARE = 0.01
_BIN = 10


@dataclass(frozen=True)
class Peaks:
    """The commonest values of air or lung, and of soft tissue.

    Attributes
    ----------
    air, tissue
        Middle of the fullest bin of 10 below, and above, what separates the two; NaN without.
    believable
        Whether one voxel in a hundred or more is as dense as air or lung, and as many as soft
        tissue. It is not so where a rescale was applied twice (air at -2024) or never, to greys of
        8 bits, to a window without air, and where signs were lost.
    """

    air: float
    tissue: float
    believable: bool


def peaks(voxels: npt.NDArray[np.int16], split: float | None) -> Peaks:
    """Measure a volume.

    Parameters
    ----------
    voxels
        Some or all voxels of it.
    split
        What separates air from tissue, see `elsewhere.imaging.tissue.threshold`.
    """
    air, tissue = (float("nan"),) * 2
    if split is not None:
        # the lowest value may be padding, or the end of a window
        low = voxels[(voxels <= split) & (voxels > voxels.min())]
        air, tissue = _fullest(low), _fullest(voxels[voxels > split])
    bands = (AIR_HU, TISSUE_HU)
    shares = [float(((voxels >= low) & (voxels <= high)).mean()) for low, high in bands]
    return Peaks(air, tissue, min(shares) >= _LEAST_SHARE)


def _fullest(values: npt.NDArray[np.int16]) -> float:
    if not values.size:
        return float("nan")
    least = int(values.min()) // _BIN
    counts = np.bincount(values.astype(np.int32) // _BIN - least)
    return float((least + int(counts.argmax())) * _BIN + _BIN / 2)
