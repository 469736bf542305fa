"""native: read uncompressed slices directly from the file, without a DICOM library."""

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


def is_uncompressed(stored: Stored) -> bool:
    """Return whether the pixels are uncompressed; a deflated data set counts as uncompressed."""
    return stored.transfer_syntax in _SYNTAXES


def dtype_kind(stored: Stored) -> str:
    """Return numpy's type letter of the values: i for signed, u for unsigned."""
    return "i" if stored.signed else "u"


class Scratch:
    """A buffer for the bytes of one uncompressed slice, reused for the next."""

    def __init__(self) -> None:
        self._buffer = np.empty(0, np.uint8)
        self._inflated: tuple[Path, Source] | None = None

    def values(self, slice_: Slice) -> npt.NDArray[np.generic]:
        """Return the stored values of a slice in this machine's byte order."""
        stored = slice_.header.stored
        if self._buffer.size < stored.frame_bytes:
            self._buffer = np.empty(stored.frame_bytes, np.uint8)
        buffer = self._buffer[: stored.frame_bytes]
        self._fill(buffer, slice_)
        if (stored.transfer_syntax == elements.EXPLICIT_BIG) == (sys.byteorder == "little"):
            _swap(buffer, slice_)
        shape = (stored.rows, stored.columns)
        return buffer.view(f"{dtype_kind(stored)}{stored.bits_allocated // 8}").reshape(shape)

    def _fill(self, buffer: npt.NDArray[np.uint8], slice_: Slice) -> None:
        stored = slice_.header.stored
        position = stored.offset + slice_.frame * stored.frame_bytes
        if stored.transfer_syntax == elements.DEFLATED:
            content = self._content(slice_.header.path).take(position, buffer.size)
            count = len(content)
            buffer[:count] = np.frombuffer(content, np.uint8)
        else:
            descriptor = os.open(slice_.header.path, os.O_RDONLY)
            try:
                count = os.preadv(descriptor, [buffer.data], position)
            finally:
                os.close(descriptor)
        if count < buffer.size:
            raise Unusable("truncated", f"the file ends after {count} of {buffer.size} bytes")

    def _content(self, path: Path) -> Source:
        if self._inflated is None or self._inflated[0] != path:
            self._inflated = (path, elements.inflated_file(path))
        return self._inflated[1]


def _swap(buffer: npt.NDArray[np.uint8], slice_: Slice) -> None:
    """Swap the bytes of big-endian words, PS3.5 7.3; OW has 16-bit words for any pixel size."""
    stored = slice_.header.stored
    width = stored.bits_allocated // 8
    if width == 1:
        with slice_.header.path.open("rb") as file:
            file.seek(stored.offset - 8)
            width = 2 if file.read(2) == b"OW" else 1
        if width == 2 and buffer.size % 2:
            raise Unusable("unsupported_syntax", "an odd number of bytes in big-endian words")
    buffer.view(f"u{width}").byteswap(inplace=True)
