"""store: write and read volumes in the project's file format (Blosc2), slice by slice.

A file is a Blosc2 array followed by a mark and the CRC-32 of all bytes before it. Blosc2 decodes a
damaged file to other voxels without an error, so the checksum is compared before a read. A training
reads each large file hundreds of times: a process compares its checksum once, and again when inode,
size or times of change are others. Blosc2 itself does not look at what follows its array.

Slices are decoded without Python's lock, so that threads decode side by side.
"""

from __future__ import annotations

import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import blosc2
import numpy as np
import numpy.typing as npt

from elsewhere.files import whole

SUFFIX = ".b2nd"
_MARK = b"elsewhere-v1"
_BYTES = 4  # of the checksum, after the mark
_CHUNK = 1 << 18
_AT_ONCE = (
    1 << 24
)  # up to this size a file is decoded from the bytes that were checked, which is faster
_REMEMBERED = 1 << 20  # from this size on a file that was checked is not checked again
_checked: set[tuple[int, ...]] = set()

blosc2.set_releasegil(True)  # while a chunk is decoded; by default the lock is kept


class StoreError(ValueError):
    """A volume cannot be written, or a file is not a volume of this format."""


def write(path: Path, array: npt.NDArray[np.generic]) -> None:
    """Write a volume atomically, one compressed chunk per slice.

    Parameters
    ----------
    path
        File to make or replace; its name ends in `SUFFIX`.
    array
        [z, y, x], int16 or uint8.

    Raises
    ------
    StoreError
        If the array has another type or shape, or the name another suffix.
    """
    if array.dtype not in (np.int16, np.uint8) or array.ndim != 3 or array.size == 0:
        raise StoreError(
            f"{path}: got {array.dtype} of shape {array.shape}; "
            "a stored volume is a non-empty int16 or uint8 array [z, y, x]"
        )
    if path.suffix != SUFFIX:
        raise StoreError(f"{path}: the name of a stored volume ends in {SUFFIX}")
    one_slice = (1, *array.shape[1:])
    with whole(path) as part:
        blosc2.asarray(
            np.ascontiguousarray(array),
            chunks=one_slice,
            urlpath=str(part),
            mode="w",
            cparams={
                "codec": blosc2.Codec.ZSTD,
                "clevel": 5,
                "nthreads": 1,
                "filters": [blosc2.Filter.SHUFFLE],
            },
        )
        with part.open("r+b", buffering=0) as file:
            checksum = _checksum(file, os.fstat(file.fileno()).st_size)
            file.write(_MARK + checksum)


def shape(path: Path) -> tuple[int, int, int]:
    """Return (slices, rows, columns) without decoding a voxel."""
    with _opened(path) as volume:
        slices, rows, columns = volume.shape
    return int(slices), int(rows), int(columns)


def read(
    path: Path, *, start: int = 0, stop: int | None = None, step: int = 1
) -> npt.NDArray[np.generic]:
    """Return slices start:stop:step along z; only these are decoded.

    Parameters
    ----------
    path
        File written by `write`.
    start, stop
        Slice bounds as in Python, 0 <= start < stop <= slices; stop None is the last slice.
    step
        Every step-th of these slices, >= 1.

    Returns
    -------
    numpy.ndarray
        [slices, y, x], of the type that was written.

    Raises
    ------
    StoreError
        If the file is damaged, cut off or not a volume, or the bounds lie outside it.
    """
    with _opened(path) as volume:
        end = volume.shape[0] if stop is None else stop
        if not 0 <= start < end <= volume.shape[0] or step < 1:
            raise StoreError(
                f"{path}: slices {start}:{end}:{step} requested, it has {volume.shape[0]}"
            )
        return _decoded(volume, range(start, end, step), path)


def sha256(array: npt.NDArray[np.generic]) -> str:
    """Return the SHA-256 of an array's type, shape and values; independent of any file format."""
    digest = hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[blosc2.NDArray]:
    """Yield the array of a file after a look at its checksum, before Blosc2 believes its bytes."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such volume; run the step that makes it")
    with path.open("rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        identity = (
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
        )
        size = max(status.st_size - len(_MARK) - _BYTES, 0)
        # older versions of Blosc2 point into these bytes without holding them
        content = _content(file, size) if size <= _AT_ONCE else None
        if identity not in _checked:
            found = _checksum(file, size) if content is None else _packed(zlib.crc32(content))
            _check(path, file.read(len(_MARK) + _BYTES), found)
            if size >= _REMEMBERED:
                _checked.add(identity)
    try:
        if content is None:
            volume = blosc2.open(str(path), mode="r", dparams={"nthreads": 1})
        else:
            volume = blosc2.ndarray_from_cframe(content)
            volume.schunk.dparams = blosc2.DParams(nthreads=1)
    except RuntimeError as error:
        raise StoreError(f"{path}: not a volume of this format ({error})") from error
    if not isinstance(volume, blosc2.NDArray) or volume.ndim != 3:
        raise StoreError(f"{path}: does not hold an array [z, y, x]")
    yield volume


def _decoded(volume: blosc2.NDArray, wanted: range, path: Path) -> npt.NDArray[np.generic]:
    """Decode some slices, each of which is a chunk.

    `volume[...]` would keep Python's lock. A chunk holds its blocks one after the other: that is
    the slice, row by row, if the blocks have whole rows; there may be rows of padding at its end.
    """
    _, rows, columns = volume.shape
    row_bytes = columns * volume.dtype.itemsize
    if volume.chunks[0] != 1 or volume.blocks[2] != columns:
        every: npt.NDArray[np.generic] = volume[wanted.start : wanted.stop]
        return every[:: wanted.step]
    slices = np.empty((len(wanted), rows, columns), volume.dtype)
    size = volume.schunk.chunksize
    padded = np.empty((size // row_bytes, columns), volume.dtype)
    for place, index in enumerate(wanted):
        chunk = volume.schunk.get_chunk(index)
        if blosc2.get_cbuffer_sizes(chunk)[0] != size:
            raise StoreError(f"{path}: slice {index} has another size than the others")
        into = slices[place] if len(padded) == rows else padded
        blosc2.decompress2(chunk, dst=into, nthreads=1)
        if into is padded:
            slices[place] = padded[:rows]
    return slices


def _check(path: Path, stated: bytes, found: bytes) -> None:
    remedy = "delete it and run the step that made it, or fetch it again (`dvc pull`)"
    if not stated.startswith(_MARK):
        raise StoreError(
            f"{path}: has no checksum at its end: it is cut off or damaged, or an earlier version "
            f"of this program wrote it; {remedy}"
        )
    if stated != _MARK + found:
        raise StoreError(f"{path}: is damaged, its checksum is not that of its bytes; {remedy}")


def _content(file: io.FileIO, count: int) -> bytes:
    """Return so many bytes of a file; a system call may read fewer than it is asked for."""
    content = file.read(count) or b""
    while len(content) < count and (more := file.read(count - len(content))):
        content += more
    return content


def _checksum(file: io.FileIO, count: int) -> bytes:
    """Return the checksum of the first bytes of a file, and leave it at their end."""
    buffer, checksum = memoryview(bytearray(min(_CHUNK, count))), 0
    while count and (got := file.readinto(buffer[:count])):
        checksum, count = zlib.crc32(buffer[:got], checksum), count - got
    return _packed(checksum)


def _packed(checksum: int) -> bytes:
    return checksum.to_bytes(_BYTES, "little")
