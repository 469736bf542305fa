"""elements: read the raw top-level elements of a DICOM file up to its pixels, in bounded time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Literal

from elsewhere.imaging.dicom.content import (
    CHUNK,
    LONG_FORM,
    REPRESENTATIONS,
    SHORT_FORM,
    Source,
    data_set_start,
    inflated,
)
from elsewhere.imaging.volume import Unusable

Order = Literal["little", "big"]

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"

PIXEL_DATA = 0x7FE00010
_TRANSFER_SYNTAX = 0x00020010
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF

# limits the time for a file of nothing but empty elements to a second or two
_MOST_ELEMENTS = 2_000_000
_LONGEST_VALUE = 1 << 20

_HEADS = {"little": Struct("<I2sH"), "big": Struct(">I2sH")}
_WORDS = {"little": Struct("<I"), "big": Struct(">I")}
_PAIRS = Struct("<II")


class Unusual(Exception):  # noqa: N818 - no error: only a full parser is needed
    """A data set that `walk` cannot read; a full parser may."""


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of a file.

    Attributes
    ----------
    values
        Tag to raw value, of the top level only.
    syntax
        *Transfer Syntax UID* (0002,0010), or a guess from the bytes where it is missing.
    order
        Byte order of numbers.
    offset, length
        Position and length of the value of *Pixel Data* (7FE0,0010); offset -1: no pixels; length
        -1: undefined. In a deflated file they refer to the inflated data set.
    size
        Number of bytes of the source that `offset` refers to.
    """

    values: dict[int, bytes]
    syntax: str
    order: Order
    offset: int
    length: int
    size: int


def walk(source: Source, start: int, wanted: frozenset[int]) -> Elements:
    """Walk the data set that begins at `start` and keep the wanted values.

    Raises
    ------
    Unusual
        If only a full parser can read it.
    Unusable
        `truncated` if an element ends after the file, `unreadable` if there are too many elements,
        `repeated_element` if one that is wanted stands twice and differs.
    """
    values: dict[int, bytes] = {}
    begin = _meta(source, start, values)
    stated = values.get(_TRANSFER_SYNTAX, b"").decode("latin-1").strip(" \0")
    syntax = stated or _guessed(source.take(begin, 8))
    if syntax == DEFLATED:
        source, begin = inflated(source.take(begin, source.size - begin)), 0
    order: Order = "big" if syntax == EXPLICIT_BIG else "little"
    if source.size - begin < 8:
        return Elements(values, syntax, order, -1, 0, source.size)
    if (source.take(begin + 4, 2) in REPRESENTATIONS) == (syntax == IMPLICIT_LITTLE):
        raise Unusual("the elements are not written as the transfer syntax says")
    if syntax == IMPLICIT_LITTLE:
        offset, length = _implicit(source, begin, _Kept(values, wanted, order), nested=False)
    else:
        offset, length = _explicit(source, begin, _Kept(values, wanted, order))
    length = -1 if length == _UNDEFINED else length
    return Elements(values, syntax, order, offset, length, source.size)


def inflated_file(path: Path) -> Source:
    """Return the data set of a file in *Deflated Explicit VR Little Endian*, inflated.

    Raises
    ------
    Unusable
        `unreadable` or `truncated`.
    """
    packed = path.read_bytes()
    source = Source(lambda position, count: packed[position : position + count], len(packed))
    return inflated(packed[_meta(source, data_set_start(source) or 0, {}) :])


def _guessed(start: bytes) -> str:
    if start[4:6] not in REPRESENTATIONS:
        return IMPLICIT_LITTLE
    return EXPLICIT_BIG if start[:1] == b"\0" else EXPLICIT_LITTLE


def _meta(source: Source, start: int, values: dict[int, bytes]) -> int:
    """Keep the file meta information (group 0002, explicit little endian); return its end."""
    available, at = source.take(start, 4096), 0
    buffer = available + bytes(12)
    head, word = _HEADS["little"].unpack_from, _WORDS["little"].unpack_from
    while buffer[at : at + 2] == b"\x02\0":
        key, vr, length = head(buffer, at)
        if vr not in REPRESENTATIONS and at + 8 <= len(available):
            raise Unusual("the file meta information is not explicit")
        at += 8
        if vr in LONG_FORM:
            length, at = word(buffer, at)[0], at + 4
        if at + length > len(available):
            if start + at + length > source.size:
                raise Unusable("truncated", "the file ends inside its meta information")
            raise Unusual("long file meta information")
        values[0x00020000 | key >> 16] = buffer[at : at + length]
        at += length
    return start + at


@dataclass(frozen=True, slots=True)
class _Kept:
    """The values to keep: where they go, and the tags that are wanted."""

    values: dict[int, bytes]
    wanted: frozenset[int]
    order: Order

    def keep(self, tag: int, value: bytes) -> None:
        """Keep a value; one that another element of the same tag contradicts is no value."""
        if self.values.setdefault(tag, value) != value:
            raise Unusable("repeated_element", f"({tag >> 16:04X},{tag & 0xFFFF:04X}) stands twice")

    def keys(self) -> dict[int, int]:
        """Return the wanted tags, keyed by their four bytes read as one number."""
        return _keys(self.wanted, self.order)


_KNOWN_KEYS: dict[tuple[frozenset[int], Order], dict[int, int]] = {}


def _keys(wanted: frozenset[int], order: Order) -> dict[int, int]:
    keys = _KNOWN_KEYS.get((wanted, order))
    if keys is None:
        tags = wanted | {PIXEL_DATA, _ITEM, _ITEM_END, _SEQUENCE_END}
        keys = {_key(tag, order): tag for tag in tags}
        _KNOWN_KEYS[wanted, order] = keys
    return keys


def _key(tag: int, order: Order) -> int:
    return tag if order == "big" else (tag & 0xFFFF) << 16 | tag >> 16


def _explicit(source: Source, start: int, kept: _Kept) -> tuple[int, int]:
    """Walk explicit elements; return position and length of the pixels, (-1, 0) if none."""
    keys, head, word = kept.keys(), _HEADS[kept.order].unpack_from, _WORDS[kept.order].unpack_from
    # local names are faster, and this loop takes most of the time of reading a header
    short_form, long_form = SHORT_FORM, LONG_FORM
    base, at, depth = start, 0, 0
    buffer, last = _window(source, base)
    for _ in range(_MOST_ELEMENTS):
        if at > last:
            base, at = base + at, 0
            if _ended(source, base, depth):
                return -1, 0
            buffer, last = _window(source, base)
        key, vr, length = head(buffer, at)
        if vr in short_form:
            at += 8
        elif vr in long_form:
            length = word(buffer, at + 8)[0]
            at += 12
        elif _ended(source, base + at, depth):
            return -1, 0
        else:
            step, change = _delimiter(keys.get(key), word(buffer, at + 4)[0], depth)
            at, depth = at + step, depth + change
            continue
        if key in keys and not depth:
            if keys[key] == PIXEL_DATA:
                return base + at, length
            in_buffer = at + length <= last
            value = buffer[at : at + length] if in_buffer else _value(source, base + at, length)
            kept.keep(keys[key], value)
        if length != _UNDEFINED:
            at += length
        elif vr == b"UN":  # PS3.5 6.2.2: a sequence whose items are implicit
            base, at = _implicit(source, base + at, kept, nested=True)[0], 0
            buffer, last = _window(source, base)
        else:
            depth += 1
    raise Unusable("unreadable", f"more than {_MOST_ELEMENTS} elements")


def _implicit(source: Source, start: int, kept: _Kept, *, nested: bool) -> tuple[int, int]:
    """Walk implicit elements as `_explicit` does; if nested, return the end of the sequence."""
    keys = _keys(kept.wanted, "little")
    base, at, depth = start, 0, int(nested)
    buffer, last = _window(source, base)
    for _ in range(_MOST_ELEMENTS):
        if at > last:
            base, at = base + at, 0
            if _ended(source, base, depth):
                return -1, 0
            buffer, last = _window(source, base)
        if source.size - base - at < 8:
            _ended(source, base + at, depth)
            return -1, 0
        key, length = _PAIRS.unpack_from(buffer, at)
        tag = keys.get(key)
        if tag is not None and tag >> 16 == 0xFFFE:
            step, change = _delimiter(tag, length, depth)
            at, depth = at + step, depth + change
            if nested and not depth:
                return base + at, 0
            continue
        at += 8
        if tag is not None and not depth:
            if tag == PIXEL_DATA:
                return base + at, length
            in_buffer = at + length <= last
            value = buffer[at : at + length] if in_buffer else _value(source, base + at, length)
            kept.keep(tag, value)
        if length == _UNDEFINED:
            depth += 1
        else:
            at += length
    raise Unusable("unreadable", f"more than {_MOST_ELEMENTS} elements")


def _window(source: Source, base: int) -> tuple[bytes, int]:
    """Return the bytes from `base` on, padded, and the last position of a complete element head."""
    buffer = source.take(base, CHUNK)
    if len(buffer) < CHUNK:
        return buffer + bytes(12), len(buffer)
    return buffer, len(buffer) - 12


def _ended(source: Source, position: int, depth: int) -> bool:
    """Return whether the data set ends at this position."""
    if position > source.size:
        raise Unusable("truncated", "the file ends inside an element")
    if source.size - position >= 8:
        return False
    if depth:
        raise Unusable("truncated", "the file ends inside a sequence")
    return True


def _delimiter(tag: int | None, length: int, depth: int) -> tuple[int, int]:
    """Return the changes of position and depth that an item or a delimiter makes."""
    if tag is None or tag >> 16 != 0xFFFE or not depth:
        raise Unusual("an element without a value representation")
    if tag != _ITEM:
        return 8, -1
    return (8, 1) if length == _UNDEFINED else (8 + length, 0)


def _value(source: Source, position: int, length: int) -> bytes:
    if length > _LONGEST_VALUE:
        raise Unusual("a long value where a short one is expected")
    value = source.take(position, length)
    if len(value) < length:
        raise Unusable("truncated", "the file ends inside an element")
    return value
