"""overlay: puts what lies on the lattice of an input back over the scan that it was made of.

A prepared scan may be a part of the scan, or reach beyond it. What is put over the scan begins and
ends where the scan does, so that the shapes of both alone say which voxel lies over which.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import affine_transform

from elsewhere.design.rows import InputRow
from elsewhere.imaging import crop
from elsewhere.imaging.preparation import Scanned, Voxels

Grey = npt.NDArray[np.uint8]
Place = tuple[float, float]  # of an axis: voxels of the scan a step, and before the first voxel


def over_scan(found: Grey, *, voxels: Voxels, scan: Scanned, row: InputRow) -> Grey:
    """Return a map over the whole scan: its corners are those of the scan.

    Parameters
    ----------
    found
        ``[z, y, x]`` on the lattice of the prepared scan.
    voxels
        The scan as `ingest` stored it ``[z, y, x]``; read only where the input cuts a part out.
    scan
        What is known of it.
    row
        The input that the scan was prepared for.

    Returns
    -------
    numpy.ndarray
        As it was where the prepared scan is the whole scan; else interpolated to voxels that are
        about as large, and 0 where the prepared scan has none.
    """
    axes = placed(found.shape, voxels=voxels, scan=scan, row=row)
    whole = [
        (have / count, (have / count - 1) / 2)
        for have, count in zip(voxels.shape, found.shape, strict=True)
    ]
    if np.allclose(axes, whole):
        return found
    counts = [
        max(1, round(have / step)) for have, (step, _) in zip(voxels.shape, axes, strict=True)
    ]
    return _resampled(found, axes, counts, voxels.shape)


def placed(
    shape: Sequence[int], *, voxels: Voxels, scan: Scanned, row: InputRow
) -> tuple[Place, ...]:
    """Return where the voxels of a prepared scan lie in the scan, along z, y and x.

    Voxel `k` of an axis lies at ``first + k * step`` of the scan's voxels, for its (step, first).

    Parameters
    ----------
    shape
        Of the prepared scan.
    voxels, scan, row
        As in `over_scan`.
    """
    spacing = getattr(row, "spacing_mm", None)
    cut = _cut(voxels, row, squared=spacing is None)
    if spacing is None:
        # slices stay as they are; in their plane corners lie on corners
        return tuple(
            (part, start + (part - 1) / 2)
            for (start, length), count in zip(cut, shape, strict=True)
            for part in [length / count]
        )
    steps = [new / old for new, old in zip(spacing, scan.spacing_mm, strict=True)]
    return tuple(
        (step, start + ((length - 1) - (count - 1) * step) / 2)
        for (start, length), count, step in zip(cut, shape, steps, strict=True)
    )


def _cut(voxels: Voxels, row: InputRow, *, squared: bool) -> list[tuple[int, int]]:
    """Return where the part begins that an input keeps of a scan, and its length, of each axis."""
    part: Literal["none"] | crop.Part = getattr(row, "crop", "none")
    found = None if part == "none" else crop.box(voxels.astype(np.int16), part)
    if found is None:
        return [(0, length) for length in voxels.shape]
    return [(one.start, one.stop - one.start) for one in (crop.square(found) if squared else found)]


def _resampled(
    found: Grey, axes: Sequence[Place], counts: Sequence[int], shape: Sequence[int]
) -> Grey:
    matrix, offset = [], []
    for (step, first), count, have in zip(axes, counts, shape, strict=True):
        new = have / count
        matrix.append(new / step)
        offset.append(((new - 1) / 2 - first) / step)
    values = affine_transform(
        found.astype(np.float32),
        np.array(matrix),
        offset=np.array(offset),
        output_shape=tuple(counts),
        order=1,
        mode="grid-constant",  # voxels at the edge of the part are as large as the others
    )
    rounded: Grey = np.rint(values).astype(np.uint8)
    return rounded
