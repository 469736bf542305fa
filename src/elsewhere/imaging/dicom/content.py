"""content: read a file's bytes, detect DICOM, and inflate deflated data sets."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from elsewhere.imaging.volume import Unusable

CHUNK = 16384
_PREAMBLE = 128
_MOST_INFLATED = 1 << 28

# PS3.5 7.1.2: value representations with a length of 16 bits and of 32 bits
SHORT_FORM = frozenset(re.findall(b"..", b"AEASATCSDADSDTFDFLISLOLTPNSHSLSSSTTMUIULUS"))
LONG_FORM = frozenset(re.findall(b"..", b"OBODOFOLOVOWSQSVUCUNURUTUV"))
REPRESENTATIONS = SHORT_FORM | LONG_FORM


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of a file or of an inflated data set, read at any position.

    Attributes
    ----------
    take
        `take(position, count)` returns at most `count` bytes, fewer at the end.
    size
        Total number of bytes.
    """

    take: Callable[[int, int], bytes]
    size: int


def of_file(descriptor: int, size: int) -> Source:
    """Return the bytes of an open file; only the parts that are taken are read."""
    first = os.pread(descriptor, CHUNK + 512, 0)

    def take(position: int, count: int) -> bytes:
        if position + count <= len(first):
            return first[position : position + count]
        return os.pread(descriptor, min(count, max(size - position, 0)), position)

    return Source(take, size)


def data_set_start(source: Source) -> int | None:
    """Return the position of the first element, None if the bytes are not DICOM.

    PS3.10 7.1 requires a preamble and a prefix; files without either or with the prefix alone
    exist too.
    """
    start = source.take(0, _PREAMBLE + 4)
    if start[_PREAMBLE:] == b"DICM":
        return _PREAMBLE + 4
    if start[:4] == b"DICM":
        return 4
    return 0 if _looks_bare(start, source.size) else None


def _looks_bare(start: bytes, size: int) -> bool:
    if len(start) < 16:
        return False
    if start[:2] in (b"\x02\x00", b"\x08\x00") and start[4:6] in REPRESENTATIONS:
        return start[3] == 0
    if start[:2] == b"\x00\x08" and start[4:6] in REPRESENTATIONS:
        return start[2] == 0
    length = int.from_bytes(start[4:8], "little")
    # elements that an implicit data set may begin with: length, character set, image type, UIDs
    firsts = (0x00, 0x01, 0x05, 0x08, 0x10, 0x12, 0x16, 0x18, 0x20)
    implicit = start[:2] == b"\x08\x00" and start[2] in firsts and start[3] == 0
    return implicit and 0 < length <= min(size - 8, 1024)


def inflated(packed: bytes) -> Source:
    """Inflate a data set of *Deflated Explicit VR Little Endian* (PS3.5 A.5).

    Raises
    ------
    Unusable
        `unreadable` if it is damaged or too large after inflation, `truncated` if it is incomplete.
    """
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = decompressor.decompress(packed, _MOST_INFLATED)
    except zlib.error:
        raise Unusable("unreadable", "the deflated data set is damaged") from None
    if decompressor.unconsumed_tail:
        limit = _MOST_INFLATED >> 20
        raise Unusable("unreadable", f"the deflated data set is larger than {limit} MiB")
    if not decompressor.eof:
        raise Unusable("truncated", "the deflated data set ends too soon")
    return Source(lambda position, count: content[position : position + count], len(content))
