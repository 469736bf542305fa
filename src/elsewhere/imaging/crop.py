"""crop: find the part of a volume that holds the body or the lungs."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_opening, label

from elsewhere.imaging import lungs, tissue

Part = Literal["body", "lungs"]
Box = tuple[slice, slice, slice]
Mask = npt.NDArray[np.bool_]

MARGIN = 0.05  # of each side of the box, at either end
_SLICES = 64  # looked at, evenly over the volume
_THIN = 2  # cells of `lungs.SIDE`: a table top and cables are thinner than twice this


def box(voxels: npt.NDArray[np.int16], part: Part) -> Box | None:
    """Return the slices, rows and columns that hold the body or the lungs, with a margin.

    Parameters
    ----------
    voxels
        int16 [z, y, x], any value scale.
    part
        ``body`` keeps every slice, ``lungs`` those with lung alone. Where the patient lies on the
        table without a gap, the table counts as body.

    Returns
    -------
    tuple of slice or None
        None if the part is not found: no tissue that could be told from air, or no lungs.
    """
    split = tissue.threshold(tissue.subsampled(voxels))
    if split is None:
        return None
    run: tuple[int, int] | None = (0, len(voxels) - 1)
    if part == "lungs":
        run = lungs.extent(voxels, split=split)
    if run is None:
        return None
    first, last = run
    at = np.unique(np.linspace(first, last, min(_SLICES, last - first + 1)).astype(np.intp))
    sections = lungs.sections(voxels, at, split=split)
    mask = sections.lung if part == "lungs" else _largest(~sections.air)
    if not mask.any():
        return None
    seen: Mask = mask.max(axis=0)
    rows = _span(seen.max(axis=1), sections.stride, voxels.shape[1])
    columns = _span(seen.max(axis=0), sections.stride, voxels.shape[2])
    slices = slice(0, len(voxels))
    if part == "lungs":
        slices = _widened(first, last + 1, len(voxels))
    return slices, rows, columns


def square(found: Box) -> Box:
    """Return a box whose rows and columns are as many, around the same middle.

    It may reach beyond the volume; `cut` fills what is not there.
    """
    slices, rows, columns = found
    side = max(rows.stop - rows.start, columns.stop - columns.start)
    return slices, _around(rows, side), _around(columns, side)


def cut(volume: npt.NDArray[np.float32], wanted: Box) -> npt.NDArray[np.float32]:
    """Return the voxels in a box; what lies beyond the volume is 0."""
    slices, rows, columns = wanted
    reach = [(max(0, -one.start), max(0, one.stop - length))
             for one, length in zip(wanted, volume.shape, strict=True)]  # fmt: skip
    inside = volume[slices, max(rows.start, 0) : rows.stop, max(columns.start, 0) : columns.stop]
    return np.pad(inside, reach)


def _largest(mask: Mask) -> Mask:
    """Return the largest part of a mask after thin structures are taken away."""
    plane = np.ones((1, 3, 3), bool)
    opened: Mask = binary_opening(mask, structure=plane, iterations=_THIN)
    parts, count = label(opened)
    if count == 0:
        return opened
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    largest: Mask = parts == int(np.argmax(sizes))
    return largest


def _span(seen: Mask, stride: int, length: int) -> slice:
    """Return the voxels of an axis between the first and the last cell that is seen."""
    at = np.flatnonzero(seen)
    return _widened(int(at[0]) * stride, (int(at[-1]) + 1) * stride, length)


def _widened(start: int, stop: int, length: int) -> slice:
    margin = round(MARGIN * (stop - start))
    return slice(max(0, start - margin), min(length, stop + margin))


def _around(axis: slice, side: int) -> slice:
    start = (axis.start + axis.stop - side) // 2
    return slice(start, start + side)
