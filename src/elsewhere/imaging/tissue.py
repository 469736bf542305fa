"""tissue: find the threshold between air and soft tissue, on any value scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IMAGE, VOLUME = (1, 512, 512), (64, 160, 160)  # maximum number of sampled voxels along each axis
_BINS = 256
_TAILS = (0.005, 0.995)


def subsampled(voxels: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return every n-th voxel along each axis, so few that measuring a scan takes 0.2 s."""
    limits = IMAGE if len(voxels) == 1 else VOLUME
    steps = [
        max(1, -(-length // limit)) for length, limit in zip(voxels.shape, limits, strict=True)
    ]
    return np.ascontiguousarray(voxels[:: steps[0], :: steps[1], :: steps[2]])


def averaged(voxels: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return means over squares of pixels in every n-th slice; no axis exceeds `IMAGE` or `VOLUME`.

    Unlike single voxels, means do not depend on where the grid starts.
    """
    limits = IMAGE if len(voxels) == 1 else VOLUME
    step, rows, columns = (
        -(-length // limit) for length, limit in zip(voxels.shape, limits, strict=True)
    )
    slices = voxels[::step]
    if rows == columns == 1:
        return slices
    tall, wide = max(1, slices.shape[1] // rows), max(1, slices.shape[2] // columns)
    cut = slices[:, : tall * rows, : wide * columns]
    squares = cut.reshape(len(cut), tall, min(rows, cut.shape[1]), wide, min(columns, cut.shape[2]))
    means: npt.NDArray[np.float32] = squares.mean(axis=(2, 4), dtype=np.float32)
    return np.rint(means).astype(np.int16)


def threshold(voxels: npt.NDArray[np.int16]) -> float | None:
    """Return the value that best separates air and lung from soft tissue (Otsu 1979).

    The lowest value is left out: padding around the scanned circle and the clipped end of a window
    are not tissue, and padding far below air would form a class of its own.

    Parameters
    ----------
    voxels
        int16 [z, y, x], any value scale.

    Returns
    -------
    float or None
        Voxels above it are tissue; None if the values do not form two classes.
    """
    least = int(voxels.min())
    counts = np.bincount(voxels.ravel().astype(np.int32) - least)[1:]
    if not counts.sum():
        return None
    risen = np.cumsum(counts) / counts.sum()
    low, high = (int(at) for at in np.searchsorted(risen, _TAILS))
    if high <= low:
        return None
    values = np.clip(np.arange(len(counts)), low, high)
    grouped, edges = np.histogram(values, min(_BINS, high - low), (low, high), weights=counts)
    split = least + 1 + float(edges[_best(grouped / grouped.sum())])
    return split if bool((voxels > split).any()) else None


def _best(share: npt.NDArray[np.float64]) -> int:
    """Return the number of bins of the lower class that maximises the variance between classes.

    Empty bins between the classes give the same variance: the middle one is taken.
    """
    below, mean = np.cumsum(share)[:-1], np.cumsum(share * np.arange(len(share)))
    inside = (below > 0) & (below < 1)
    between = np.zeros_like(below)
    numerator = (mean[-1] * below - mean[:-1])[inside] ** 2
    between[inside] = numerator / (below * (1 - below))[inside]
    if not len(between):
        return 0
    return 1 + int(np.median(np.flatnonzero(between >= between.max() * (1 - 1e-9))))
