"""store: write and read volumes in the project's file format (Blosc2), slice by slice."""

from __future__ import annotations

import hashlib
from pathlib import Path

import blosc2
import numpy as np
import numpy.typing as npt

from elsewhere.files import whole

SUFFIX = ".b2nd"


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


def shape(path: Path) -> tuple[int, int, int]:
    """Return (slices, rows, columns) without decoding a voxel."""
    slices, rows, columns = _open(path).shape
    return int(slices), int(rows), int(columns)


def read(path: Path, *, start: int = 0, stop: int | None = None) -> npt.NDArray[np.generic]:
    """Return slices start:stop along z; only these are decoded.

    Parameters
    ----------
    path
        File written by `write`.
    start, stop
        Slice bounds as in Python, 0 <= start < stop <= slices; stop None is the last slice.

    Returns
    -------
    numpy.ndarray
        [stop - start, y, x], of the type that was written.

    Raises
    ------
    StoreError
        If the file is not a volume or the bounds lie outside it.
    """
    volume = _open(path)
    end = volume.shape[0] if stop is None else stop
    if not 0 <= start < end <= volume.shape[0]:
        raise StoreError(f"{path}: slices {start}:{end} requested, it has {volume.shape[0]}")
    slices: npt.NDArray[np.generic] = volume[start:end]
    return slices


def sha256(array: npt.NDArray[np.generic]) -> str:
    """Return the SHA-256 of an array's type, shape and values; independent of any file format."""
    digest = hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _open(path: Path) -> blosc2.NDArray:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such volume; run the step that makes it")
    try:
        volume = blosc2.open(str(path), mode="r", dparams={"nthreads": 1})
    except RuntimeError as error:
        raise StoreError(f"{path}: not a volume of this format ({error})") from error
    if not isinstance(volume, blosc2.NDArray) or volume.ndim != 3:
        raise StoreError(f"{path}: does not hold an array [z, y, x]")
    return volume
