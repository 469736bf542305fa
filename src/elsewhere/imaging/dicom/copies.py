"""copies: compare the stored pixels of two slices at one position, to detect duplicates."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from elsewhere.files import of_one_file
from elsewhere.imaging.dicom.elements import DEFLATED, EXPLICIT_BIG
from elsewhere.imaging.dicom.header import Slice, Stored

# True: the same; False: different; None: the pixels have to be decoded to decide
Same = Callable[[Slice, Slice], bool | None]


def same(first: Slice, second: Slice) -> bool | None:
    """Compare two slices by their stored bytes.

    Returns
    -------
    bool or None
        None if the slices may be the same although their bytes differ (compression or another
        byte order): decode them to decide. Also None if a file no longer exists.
    """
    try:
        return _same(first, second)
    except OSError as error:
        if not of_one_file(error):
            raise
        return None


def _same(first: Slice, second: Slice) -> bool | None:
    scale = (first.slope, first.intercept) == (second.slope, second.intercept)
    if not scale or _format(first) != _format(second):
        return False
    stored, other = first.header.stored, second.header.stored
    plain = _plain(stored) and _plain(other)
    if plain and _big(stored) == _big(other):
        return _bytes(first) == _bytes(second)
    alike = stored.transfer_syntax == other.transfer_syntax and stored.length == other.length
    packed = not _plain(stored) and alike and first.frame == second.frame
    return True if packed and _bytes(first) == _bytes(second) else None


def _format(slice_: Slice) -> Stored:
    return replace(slice_.header.stored, transfer_syntax="", offset=0, length=0, frames=1)


def _plain(stored: Stored) -> bool:
    return stored.length >= 0 and stored.transfer_syntax != DEFLATED


def _big(stored: Stored) -> bool:
    return stored.transfer_syntax == EXPLICIT_BIG


def _bytes(slice_: Slice) -> bytes:
    """Return the bytes of a plain frame, or all that follows the header of a compressed file."""
    stored = slice_.header.stored
    size = slice_.header.path.stat().st_size
    start, count = stored.offset, size
    if _plain(stored):
        start, count = stored.offset + slice_.frame * stored.frame_bytes, stored.frame_bytes
    elif stored.transfer_syntax == DEFLATED:
        start = 0
    with slice_.header.path.open("rb") as file:
        return os.pread(file.fileno(), max(min(count, size - start), 0), start)
