"""copies: whether two slices at one place hold the same stored pixels."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from elsewhere.imaging.dicom.elements import DEFLATED, EXPLICIT_BIG
from elsewhere.imaging.dicom.header import Slice, Stored

# True: the same; False: different; None: only decoded pixels can tell
Same = Callable[[Slice, Slice], bool | None]


def same(one: Slice, other: Slice) -> bool | None:
    """Compare two slices by their stored bytes.

    Returns
    -------
    bool or None
        None where both may be the same although their bytes differ: compressed, or in another
        order of bytes; decoding them tells. None as well where a file is gone.
    """
    try:
        return _same(one, other)
    except OSError:
        return None


def _same(one: Slice, other: Slice) -> bool | None:
    scale = (one.slope, one.intercept) == (other.slope, other.intercept)
    if not scale or _format(one) != _format(other):
        return False
    first, second = one.header.stored, other.header.stored
    plain = _plain(first) and _plain(second)
    if plain and _big(first) == _big(second):
        return _bytes(one) == _bytes(other)
    whole = first.transfer_syntax == second.transfer_syntax and first.length == second.length
    packed = not _plain(first) and whole and one.frame == other.frame
    return True if packed and _bytes(one) == _bytes(other) else None


def _format(one: Slice) -> Stored:
    return replace(one.header.stored, transfer_syntax="", offset=0, length=0, frames=1)


def _plain(stored: Stored) -> bool:
    return stored.length >= 0 and stored.transfer_syntax != DEFLATED


def _big(stored: Stored) -> bool:
    return stored.transfer_syntax == EXPLICIT_BIG


def _bytes(one: Slice) -> bytes:
    """Return the bytes of a plain frame, or all that follows the header of a compressed file."""
    stored = one.header.stored
    size = one.header.path.stat().st_size
    start, count = stored.offset, size
    if _plain(stored):
        start, count = stored.offset + one.frame * stored.frame_bytes, stored.frame_bytes
    elif stored.transfer_syntax == DEFLATED:
        start = 0
    with one.header.path.open("rb") as file:
        return os.pread(file.fileno(), max(min(count, size - start), 0), start)
