"""native: slices that are not compressed, read from their place in the file, no library between."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from elsewhere.imaging.dicom import elements
from elsewhere.imaging.dicom.content import Source
from elsewhere.imaging.dicom.header import Slice, Stored
from elsewhere.imaging.volume import Unusable

_SYNTAXES = (
    elements.IMPLICIT_LITTLE,
    elements.EXPLICIT_LITTLE,
    elements.EXPLICIT_BIG,
    elements.DEFLATED,
)


def holds(stored: Stored) -> bool:
    """Tell whether the pixels are not compressed; a deflated data set counts as not compressed."""
    return stored.transfer_syntax in _SYNTAXES


def kind(stored: Stored) -> str:
    """Return numpy's letter for the sign of the values."""
    return "i" if stored.signed else "u"


class Scratch:
    """The bytes of one uncompressed slice; the room is used again for the next."""

    def __init__(self) -> None:
        self._room = np.empty(0, np.uint8)
        self._inflated: tuple[Path, Source] | None = None

    def values(self, one: Slice) -> npt.NDArray[np.generic]:
        """Return the values of a slice as they lie in the file, in this machine's byte order."""
        stored = one.header.stored
        if self._room.size < stored.frame_bytes:
            self._room = np.empty(stored.frame_bytes, np.uint8)
        room = self._room[: stored.frame_bytes]
        self._fill(room, one)
        if (stored.transfer_syntax == elements.EXPLICIT_BIG) == (sys.byteorder == "little"):
            _swap(room, one)
        shape = (stored.rows, stored.columns)
        return room.view(f"{kind(stored)}{stored.bits_allocated // 8}").reshape(shape)

    def _fill(self, room: npt.NDArray[np.uint8], one: Slice) -> None:
        stored = one.header.stored
        position = stored.offset + one.frame * stored.frame_bytes
        if stored.transfer_syntax == elements.DEFLATED:
            content = self._content(one.header.path).take(position, room.size)
            got = len(content)
            room[:got] = np.frombuffer(content, np.uint8)
        else:
            descriptor = os.open(one.header.path, os.O_RDONLY)
            try:
                got = os.preadv(descriptor, [room.data], position)
            finally:
                os.close(descriptor)
        if got < room.size:
            raise Unusable("truncated", f"the file ends after {got} of {room.size} bytes")

    def _content(self, path: Path) -> Source:
        if self._inflated is None or self._inflated[0] != path:
            self._inflated = (path, elements.inflated_file(path))
        return self._inflated[1]


def _swap(room: npt.NDArray[np.uint8], one: Slice) -> None:
    """Turn big-endian words round, PS3.5 7.3; OW is of 16-bit words whatever a pixel takes."""
    stored = one.header.stored
    width = stored.bits_allocated // 8
    if width == 1:
        with one.header.path.open("rb") as file:
            file.seek(stored.offset - 8)
            width = 2 if file.read(2) == b"OW" else 1
        if width == 2 and room.size % 2:
            raise Unusable("unsupported_syntax", "an odd number of bytes in big-endian words")
    room.view(f"u{width}").byteswap(inplace=True)
