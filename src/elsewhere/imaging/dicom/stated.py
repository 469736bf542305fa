"""stated: compare the slices of a volume with the number of images that its headers state.

A slice that is lost at an end leaves no gap: only a header that counts can tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from elsewhere.imaging.dicom.header import Slice

_MOST = 20_000  # images of one volume; a larger number is no count, and might identify somebody

Missing = Literal["no", "perhaps", "yes"]


def missing(kept: Sequence[Slice]) -> tuple[Missing, int]:
    """Say whether slices are missing, and how many there should be.

    *Images in Acquisition* (0020,1002) and *Number of Slices* (0054,0081) count the images of a
    volume; a multiple of what is there counts several reconstructions and proves nothing. *Images
    in Series* (0020,1003) and *Number of Series Related Instances* (0020,1209) count localizers
    and other volumes of the series too. Both of these say `perhaps`.

    Parameters
    ----------
    kept
        The slices of a volume, without copies.
    """
    have = len(kept)
    of_volume = [one.number_of_slices for one in kept]
    stated = max(_of_acquisitions(kept), _commonest(of_volume))
    if stated > have:
        return ("perhaps" if stated % have == 0 else "yes"), stated
    of_series = _commonest(one.images_in_series for one in kept)
    return ("perhaps" if of_series > have else "no"), max(stated, of_series)


def _of_acquisitions(kept: Sequence[Slice]) -> int:
    """Return the sum over acquisitions, since a volume may be made of several; 0: not stated."""
    by_acquisition: dict[str, list[int | None]] = {}
    for one in kept:
        by_acquisition.setdefault(one.acquisition, []).append(one.images_in_acquisition)
    numbers = [_commonest(counts) for counts in by_acquisition.values()]
    if 0 in numbers:
        return 0
    # each block of a step-and-shoot scan may state the number of all of them
    whole = max(numbers, default=0)
    return whole if whole >= len(kept) else sum(numbers)


def _commonest(counts: Iterable[int | None]) -> int:
    """Return the number that most slices state; 0 if some state none."""
    found = Counter(count if count is not None and count <= _MOST else None for count in counts)
    if not found or None in found:
        return 0
    return max(found, key=lambda count: (found[count], count or 0)) or 0
