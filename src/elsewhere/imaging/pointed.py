"""pointed: where arrows point to the lesions of a scan, in the slice that shows most of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MOST = 3  # arrows to more would hide the slice

Mask = npt.NDArray[np.bool_]
Place = tuple[int, int]  # row, column


def lesions(mask: Mask) -> tuple[int, tuple[Place, ...]]:
    """Return the slice with most of the lesions, and the middle of the largest lesions in it.

    The middle is the pixel that is farthest from the lesion's border: it lies in the lesion even
    if this is a crescent.

    Parameters
    ----------
    mask
        Where the lesions are, ``[z, y, x]``; somewhere there is one.

    Returns
    -------
    tuple
        The slice, and at most `MOST` places in it, of the largest lesion first.
    """
    # scipy loads only where it is needed
    from scipy.ndimage import distance_transform_edt, label

    fullest = int(mask.sum(axis=(1, 2)).argmax())
    parts, _ = label(np.pad(mask[fullest], 1))  # what lies outside the image is no lesion
    sizes = np.bincount(parts.ravel())[1:]
    largest = np.argsort(-sizes, kind="stable")[:MOST] + 1
    places = []
    for part in largest:
        inside = distance_transform_edt(parts == part)
        row, column = np.unravel_index(int(inside.argmax()), inside.shape)
        places.append((int(row) - 1, int(column) - 1))
    return fullest, tuple(places)
