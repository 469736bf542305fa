"""intact: check that a file holds all bytes that its header promises, before a library reads it.

Readers of volumes accept files that a copy or a download cut off: SimpleITK 2.5 fills the missing
voxels of a NIfTI file with whatever is in memory, and returns garbage for a damaged compressed
MetaImage. Checksums of gzip and zlib are at the very end, where a reader that has all its bytes
does not look.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

from elsewhere.imaging.volume import Unusable

Encoding = Literal["raw", "gzip", "zlib"]
_CHUNK = 1 << 20
_GB = 1e9
_INT16 = 2  # bytes of a voxel as it is stored
# images compress to a half or a fiftieth, an empty background with them; zeros to a thousandth
_BOMB_RATIO = 200
_ALWAYS_FINE = 1 << 26


def check(path: Path, *, start: int, expected: int, encoding: Encoding) -> None:
    """Refuse a file that holds fewer bytes than expected, or whose checksum is wrong.

    Parameters
    ----------
    path
        The file.
    start
        Bytes in front of the content: of the file if it is raw or zlib, or if a gzip stream begins
        there.
    expected
        Bytes of the content, uncompressed.
    encoding
        How the content is kept.

    Raises
    ------
    Unusable
        `truncated` or `unreadable`.
    """
    try:
        with path.open("rb") as file:
            found = _length(file, start, expected, encoding)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        reason = "truncated" if isinstance(error, EOFError) else "unreadable"
        raise Unusable(reason, f"damaged {encoding} data ({type(error).__name__})") from None
    if found < expected:
        raise Unusable("truncated", f"{found} bytes of voxels, the header promises {expected}")


def read_through(path: Path) -> None:
    """Read all of a file, for the error that a library has swallowed.

    Raises
    ------
    OSError
        If the disk or the network fails.
    """
    with path.open("rb") as file:
        while file.read(_CHUNK):
            pass


def check_size(
    expected: int, most_gb: float, *, voxels: int = 0, compressed: int | None = None
) -> None:
    """Refuse a scan that would take more memory than an intake allows, or than its file can hold.

    Parameters
    ----------
    expected
        Bytes of all voxels as the file has them, uncompressed; nothing of them is allocated yet.
    most_gb
        The most that a scan may take, 10^9 bytes, in the file's type or as the project keeps it.
    voxels
        How many there are.
    compressed
        Bytes of the files that hold them, if they are compressed.

    Raises
    ------
    Unusable
        `too_large`.
    """
    size = max(expected, _INT16 * voxels)
    if size > most_gb * _GB:
        raise Unusable("too_large", f"the scan would take {size / _GB:.1f} GB")
    if compressed is not None and expected > max(_ALWAYS_FINE, _BOMB_RATIO * compressed):
        raise Unusable(
            "too_large", f"{compressed} bytes of compressed voxels claim to be {expected}"
        )


def _length(file: IO[bytes], start: int, expected: int, encoding: Encoding) -> int:
    """Return how many bytes of content there are; a compressed one is not read beyond its size."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(start)
    if encoding == "raw":
        return max(size - start, 0)
    pieces = _gzipped(file) if encoding == "gzip" else _deflated(file)
    found = 0
    for count in pieces:
        found += count
        if found > expected + _CHUNK:
            break  # whatever follows is no voxel, and might have no end
    return found


def _gzipped(file: IO[bytes]) -> Iterator[int]:
    with gzip.open(file) as content:
        while piece := content.read(_CHUNK):
            yield len(piece)


def _deflated(file: IO[bytes]) -> Iterator[int]:
    stream = zlib.decompressobj()
    while not stream.eof:
        piece = stream.unconsumed_tail or file.read(_CHUNK)
        if not piece:
            raise EOFError
        yield len(stream.decompress(piece, _CHUNK))
