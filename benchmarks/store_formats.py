"""store_formats: size and speed of the file formats that could keep a CT volume."""

from __future__ import annotations

import argparse
import datetime
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import blosc2
import h5py
import nibabel
import numpy as np
import zarr
from scipy.ndimage import gaussian_filter

from elsewhere.imaging import store
from results import machine, write_section

HEADING = "## Volume store"
CROP = 128

Array = np.ndarray


@dataclass(frozen=True)
class Format:
    """How a volume is written and how slices of it are read."""

    suffix: str
    write: Callable[[Path, Array], None]
    crop: Callable[[Path, slice], Array]


def ct_like(shape: tuple[int, int, int], seed: int = 0) -> Array:
    """HU of a body with lungs, table and correlated noise, air padded to -1024 outside."""
    rng = np.random.default_rng(seed)
    z, y, x = np.ogrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j, -1 : 1 : shape[2] * 1j]
    volume = np.where((x / 0.85) ** 2 + (y / 0.6) ** 2 < 1, 40.0, -1000.0) + 0 * z
    for side in (-1, 1):
        lung = ((x - side * 0.38) / 0.28) ** 2 + (y / 0.4) ** 2 + (z / 0.9) ** 2 < 1
        volume[lung] = -850
    for index, one in enumerate(volume):
        volume[index] = one + gaussian_filter(rng.normal(0, 60, one.shape), 0.8)
    volume[:, ((x**2 + y**2) > 1)[0]] = -1024
    return np.rint(volume).clip(-1024, 3071).astype(np.int16)


def npy_crop(path: Path, where: slice) -> Array:
    return np.array(np.load(path, mmap_mode="r")[where])


def npz_crop(path: Path, where: slice) -> Array:
    with np.load(path) as file:
        return file["volume"][where]


def blosc_write(codec: blosc2.Codec, filters: list[blosc2.Filter]) -> Callable[[Path, Array], None]:
    def write(path: Path, volume: Array) -> None:
        blosc2.asarray(
            volume,
            chunks=(1, *volume.shape[1:]),
            urlpath=str(path),
            mode="w",
            cparams={"codec": codec, "clevel": 5, "nthreads": 1, "filters": filters},
        )

    return write


def blosc_crop(path: Path, where: slice) -> Array:
    return blosc2.open(str(path), mode="r", dparams={"nthreads": 1})[where]


def hdf5_write(**options: object) -> Callable[[Path, Array], None]:
    def write(path: Path, volume: Array) -> None:
        with h5py.File(path, "w") as file:
            chunks = (1, *volume.shape[1:])
            file.create_dataset("volume", data=volume, chunks=chunks, shuffle=True, **options)

    return write


def hdf5_crop(path: Path, where: slice) -> Array:
    with h5py.File(path) as file:
        return file["volume"][where]


def zarr_write(path: Path, volume: Array) -> None:
    with zarr.storage.ZipStore(path, mode="w") as target:
        zarr.create_array(target, data=volume, chunks=(1, *volume.shape[1:]))


def zarr_crop(path: Path, where: slice) -> Array:
    with zarr.storage.ZipStore(path, mode="r") as source:
        return zarr.open_array(source, mode="r")[where]


def nifti_write(path: Path, volume: Array) -> None:
    nibabel.save(nibabel.Nifti1Image(volume.transpose(2, 1, 0), np.eye(4)), path)


def nifti_crop(path: Path, where: slice) -> Array:
    return np.asanyarray(nibabel.load(path).dataobj[:, :, where]).transpose(2, 1, 0)


def in_store(path: Path, where: slice) -> Array:
    return store.read(path, start=where.start, stop=where.stop)


FORMATS = {
    "elsewhere.imaging.store": Format(store.SUFFIX, store.write, in_store),
    "blosc2 zstd, shuffle": Format(
        ".b2nd", blosc_write(blosc2.Codec.ZSTD, [blosc2.Filter.SHUFFLE]), blosc_crop
    ),
    "blosc2 zstd, bit shuffle": Format(
        ".b2nd", blosc_write(blosc2.Codec.ZSTD, [blosc2.Filter.BITSHUFFLE]), blosc_crop
    ),
    "blosc2 lz4, bit shuffle": Format(
        ".b2nd", blosc_write(blosc2.Codec.LZ4, [blosc2.Filter.BITSHUFFLE]), blosc_crop
    ),
    "npy, memory map": Format(".npy", np.save, npy_crop),
    "HDF5 gzip": Format(".h5", hdf5_write(compression="gzip"), hdf5_crop),
    "HDF5 lzf": Format(".h5", hdf5_write(compression="lzf"), hdf5_crop),
    "zarr zip (zstd)": Format(".zip", zarr_write, zarr_crop),
    "NIfTI gzip": Format(".nii.gz", nifti_write, nifti_crop),
    "npz": Format(".npz", lambda path, v: np.savez_compressed(path, volume=v), npz_crop),
}


def seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def measured(name: str, volume: Array, repeats: int) -> str:
    """Write and read one format; return its row of the table."""
    chosen = FORMATS[name]
    rng = np.random.default_rng(1)
    folder = Path(tempfile.mkdtemp())
    path = folder / f"scan{chosen.suffix}"
    write_s = min(seconds(lambda: chosen.write(path, volume)) for _ in range(min(repeats, 2)))
    reads = []
    for _ in range(repeats):
        start = int(rng.integers(len(volume) - CROP + 1))
        where = slice(start, start + CROP)
        assert np.array_equal(chosen.crop(path, where), volume[where]), name
        reads.append(seconds(lambda where=where: chosen.crop(path, where)))
    files = [file for file in folder.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    shutil.rmtree(folder)
    return (
        f"| {name} | {size / 1e6:.1f} | {volume.nbytes / size:.2f} | {write_s:.2f} "
        f"| {1000 * min(reads):.0f} | {len(files)} |"
    )


def section(volume: Array, repeats: int) -> str:
    """Measure all formats; return the section of RESULTS.md."""
    rows = [measured(name, volume, repeats) for name in FORMATS]
    shape = " x ".join(map(str, volume.shape))
    return "\n".join(
        [
            HEADING,
            "",
            f"`python benchmarks/store_formats.py`, {datetime.date.today()}, {machine()}.",
            f"One synthetic CT-like volume, int16, {shape} [z, y, x], "
            f"{volume.nbytes / 1e6:.0f} MB; crop: {CROP} consecutive slices at random. "
            f"One thread; the best of {repeats} reads with the file in the page cache, and of "
            "2 writes.",
            "",
            "| format | size, MB | ratio | write, s | crop, ms | files a scan |",
            "|---|---:|---:|---:|---:|---:|",
            *rows,
            "",
            CHOICE,
            "",
        ]
    )


CHOICE = """Chosen: blosc2, zstd after a byte shuffle, one chunk a slice. It gives the smallest \
file, and a random crop takes a fraction of the time of gzip formats, because only the slices \
asked for are decoded. lz4 writes faster and reads about as fast, for a larger file; a volume is \
written once and read in every epoch. A memory map reads faster still, for three times the disk. \
It is one file a scan with no time of writing in it: equal voxels give equal bytes, which \
content-addressed caches need and zip archives (zarr, npz) do not give."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5)
    wanted = parser.parse_args()
    volume = ct_like((wanted.slices, wanted.side, wanted.side))
    write_section(HEADING, section(volume, wanted.repeats))


if __name__ == "__main__":
    main()
