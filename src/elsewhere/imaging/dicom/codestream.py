"""codestream: extract one compressed frame and check that it is complete and has the stated size.

Decoders are lenient: they fill the missing end of a truncated file with zeros, and allocate the
memory that a code stream claims. These checks run before a decoder reads a byte.
"""

from __future__ import annotations

from pathlib import Path
from struct import Struct, unpack_from
from typing import BinaryIO

from elsewhere.imaging.dicom.header import Stored
from elsewhere.imaging.volume import Unusable

RLE = "1.2.840.10008.1.2.5"
JPEG_2000 = (
    "1.2.840.10008.1.2.4.9",
    "1.2.840.10008.1.2.4.20",
)  # prefixes of .90 to .93 and .201 to .203

_ITEM, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE0DD
_TAG_AND_LENGTH = Struct("<HHI")
_START_OF_J2K, _START_OF_JPEG = b"\xff\x4f\xff\x51", b"\xff\xd8"
_END_OF_IMAGE = b"\xff\xd9"  # JPEG and JPEG-LS: EOI; JPEG 2000: EOC
_FILL = b"\0\xff"  # padding to an even length; T.81 B.1.1.2 fills with FF
# ITU-T T.81 B.1.1.3 and T.87 C.1.1: frame headers, among them no DHT (C4), JPG (C8), DAC (CC)
_FRAME_HEADERS = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})

Fragment = tuple[int, int]
Parts = tuple[bytes, list[Fragment]]


def fragments(path: Path, offset: int) -> Parts:
    """Walk the items of encapsulated pixel data, PS3.5 A.4.

    Parameters
    ----------
    path
        A file whose *Pixel Data* (7FE0,0010) has undefined length.
    offset
        Position of the first item in the file.

    Returns
    -------
    tuple
        The basic offset table, and the position and length of every fragment.

    Raises
    ------
    Unusable
        `truncated` if the file ends before the sequence does, `pixel_format` if an element is
        not an item, `no_pixels` if there is no item.
    """
    items: list[Fragment] = []
    with path.open("rb") as file:
        size = file.seek(0, 2)
        at = offset
        while True:
            file.seek(at)
            head = file.read(_TAG_AND_LENGTH.size)
            if len(head) < _TAG_AND_LENGTH.size:
                raise Unusable("truncated", "the file ends inside its compressed pixels")
            group, element, length = _TAG_AND_LENGTH.unpack(head)
            if (group << 16 | element) == _SEQUENCE_END:
                break
            at += _TAG_AND_LENGTH.size
            if (group << 16 | element) != _ITEM:
                raise Unusable("pixel_format", "the compressed pixels are not a sequence of items")
            if length > size - at:
                raise Unusable("truncated", "the file ends inside its compressed pixels")
            items.append((at, length))
            at += length
        if not items:
            raise Unusable("no_pixels", "the compressed pixels are empty")
        file.seek(items[0][0])
        return file.read(items[0][1]), items[1:]


def frame(path: Path, stored: Stored, index: int, parts: Parts) -> bytes:
    """Return one frame's code stream, checked to be whole and of the stated size.

    Parameters
    ----------
    path, stored
        The file and its pixel format.
    index
        Number of the frame, from 0.
    parts
        The result of `fragments`.

    Raises
    ------
    Unusable
        `truncated` if the code stream has no end marker, `pixel_format` if its size is not
        *Rows* x *Columns* or the fragments cannot be assigned to frames.
    """
    with path.open("rb") as file:
        data = b"".join(_read(file, part) for part in _of_frame(stored, index, *parts))
    if stored.transfer_syntax == RLE:
        _check_segments(data, stored)
    else:
        _check(data, stored)
    return data


def _read(file: BinaryIO, part: Fragment) -> bytes:
    file.seek(part[0])
    return file.read(part[1])


def _of_frame(stored: Stored, index: int, table: bytes, items: list[Fragment]) -> list[Fragment]:
    if not items:
        raise Unusable("no_pixels", "the compressed pixels are empty")
    if stored.frames == 1:
        return items
    if len(items) == stored.frames:
        return [items[index]]
    # PS3.5 A.4: offsets from the first fragment's item tag, eight bytes before its content
    begins = [items[0][0] + at for (at,) in Struct("<I").iter_unpack(table[: len(table) & ~3])]
    if len(begins) != stored.frames:
        raise Unusable(
            "pixel_format",
            f"{len(items)} fragments and {len(begins)} offsets for {stored.frames} frames",
        )
    ends = [*begins[1:], items[-1][0] + items[-1][1] + 1]
    of_frame = [part for part in items if begins[index] <= part[0] < ends[index]]
    if not of_frame:
        raise Unusable("pixel_format", "the offset table names no fragment of a frame")
    return of_frame


def _check_segments(data: bytes, stored: Stored) -> None:
    """Reject an RLE header that does not fit the image, PS3.5 G.5: one segment per pixel byte."""
    count, *offsets = unpack_from("<16I", data.ljust(64, b"\0"))
    used = offsets[:count]
    ascending = used == sorted(set(used)) and used[:1] == [64] and used[-1] < len(data)
    if count != stored.samples * stored.bits_allocated // 8 or not ascending:
        raise Unusable("pixel_format", "the header of the RLE segments does not fit the image")


def _check(data: bytes, stored: Stored) -> None:
    j2k = stored.transfer_syntax.startswith(JPEG_2000)
    size = _j2k_size(data) if j2k else _jpeg_size(data)
    stated = (stored.rows, stored.columns, stored.samples)
    if size is None:
        raise Unusable("pixel_format", "the code stream has no frame header")
    if size != stated:
        raise Unusable(
            "pixel_format",
            f"the code stream holds {size}, the header says {stated} (rows, columns, samples)",
        )
    if not data.rstrip(_FILL).endswith(_END_OF_IMAGE):
        raise Unusable("truncated", "the code stream has no end marker")


def _jpeg_size(data: bytes) -> tuple[int, int, int] | None:
    """Return rows, columns and samples of the frame header, ITU-T T.81 B.2.2."""
    if not data.startswith(_START_OF_JPEG):
        return None
    at = 2
    while at + 10 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in _FRAME_HEADERS:
            _, _, rows, columns, samples = unpack_from(">HBHHB", data, at + 2)
            return rows, columns, samples
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _j2k_size(data: bytes) -> tuple[int, int, int] | None:
    """Return rows, columns and components of the SIZ segment, ITU-T T.800 A.5.1."""
    at = data.find(_START_OF_J2K, 0, 1024)  # some files wrap the code stream in JP2 boxes
    if at < 0 or at + 42 > len(data):
        return None
    right, bottom, left, top = unpack_from(">IIII", data, at + 8)
    (components,) = unpack_from(">H", data, at + 40)
    return bottom - top, right - left, components
