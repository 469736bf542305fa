"""tissue: where air ends and tissue begins, in values of any scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IMAGE, VOLUME = (1, 512, 512), (64, 160, 160)  # voxels along each axis that are looked at
_BINS = 256
_TAILS = (0.005, 0.995)


def subsampled(voxels: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return every n-th voxel along each axis, few enough that a scan is measured in 0.2 s."""
    most = IMAGE if len(voxels) == 1 else VOLUME
    steps = [max(1, -(-length // limit)) for length, limit in zip(voxels.shape, most, strict=True)]
    return np.ascontiguousarray(voxels[:: steps[0], :: steps[1], :: steps[2]])


def averaged(voxels: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return means of whole squares in every n-th slice, so that no axis is longer than `most`.

    Unlike a voxel in n, a mean does not depend on where the grid starts.
    """
    most = IMAGE if len(voxels) == 1 else VOLUME
    step, rows, columns = (
        -(-have // limit) for have, limit in zip(voxels.shape, most, strict=True)
    )
    seen = voxels[::step]
    if rows == columns == 1:
        return seen
    tall, wide = max(1, seen.shape[1] // rows), max(1, seen.shape[2] // columns)
    cut = seen[:, : tall * rows, : wide * columns]
    squares = cut.reshape(len(cut), tall, min(rows, cut.shape[1]), wide, min(columns, cut.shape[2]))
    means: npt.NDArray[np.float32] = squares.mean(axis=(2, 4), dtype=np.float32)
    return np.rint(means).astype(np.int16)


def threshold(voxels: npt.NDArray[np.int16]) -> float | None:
    """Return the value that best parts air and lung from soft tissue (Otsu 1979).

    The lowest value is left out: padding around the scanned circle and the clipped end of a window
    are no tissue, and padding far below air would be a class of its own.

    Parameters
    ----------
    voxels
        int16 [z, y, x], any value scale.

    Returns
    -------
    float or None
        Voxels above are tissue; None if the values form no two classes.
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
    """Return how many bins are the lower class when the variance between classes is largest.

    Empty bins between two classes are all as good: the middle one is taken.
    """
    below, mean = np.cumsum(share)[:-1], np.cumsum(share * np.arange(len(share)))
    inside = (below > 0) & (below < 1)
    between = np.zeros_like(below)
    numerator = (mean[-1] * below - mean[:-1])[inside] ** 2
    between[inside] = numerator / (below * (1 - below))[inside]
    if not len(between):
        return 0
    return 1 + int(np.median(np.flatnonzero(between >= between.max() * (1 - 1e-9))))
