"""formats: read the files of a scan as a volume, and stacks of slice images (PNG, JPEG, TIFF)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from elsewhere.design.site import IntakeRow
from elsewhere.imaging import intensity, picture
from elsewhere.imaging.dicom import acquisition
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import ColourMode, Unusable, Volume

_COLOURS: tuple[ColourMode, ...] = ("grey", "palette", "rgb")
_NUMBER = re.compile(r"\d+")
# what browsers and file managers append to the name of a copy
_COPY = re.compile(
    r"(?<=\d)(?: ?\(\d+\)|[ _-]+(?:copy|kopie|copie|copia)(?![a-z]).*)$", re.IGNORECASE
)


def read(source: Source, policy: IntakeRow) -> Volume:
    """Read a scan's pixels.

    Parameters
    ----------
    source
        The files, and what the publisher says of them.
    policy
        What DICOM files may be like.

    Returns
    -------
    Volume
        int16 [z, y, x], feet to head, LPS as far as the files tell. Scanner and kernel are in the
        words of `elsewhere.imaging.dicom.acquisition`, whoever states them.

    Raises
    ------
    Unusable
        With a reason code, when the files can be read and yet make no volume.
    """
    if source.kind == "dicom":
        # pydicom, nibabel and SimpleITK load only where a site needs them
        from elsewhere.imaging.dicom import pixels

        return pixels.read(source.slices, policy)
    volume = _without_header(source, policy)
    told = source.acquisition
    known = acquisition.from_text(told.manufacturer, kernel=told.kernel, contrast=told.contrast)
    return replace(volume, acquisition=known)


def _without_header(source: Source, policy: IntakeRow) -> Volume:
    """Read what does not say itself which scanner made it."""
    path = source.files[0]
    if source.kind == "nifti":
        from elsewhere.imaging import nifti

        return nifti.read(path, hu=source.hu, most_gb=policy.decode_gb)
    if source.kind == "itk":
        from elsewhere.imaging import itk

        return itk.read(path, hu=source.hu, most_gb=policy.decode_gb)
    if source.kind == "picture":
        picture.check_sizes([path], most_gb=policy.decode_gb)
        return picture.read(path, colour=source.colour, sixteen_bit=source.sixteen_bit)
    picture.check_sizes(source.files, most_gb=policy.decode_gb)
    return stack(source)


def slice_number(path: Path) -> int:
    """Return the last number in a file's name: 12 for `0012.png` and `9covid_SR_2_IM00012.tif`.

    The number of a copy is that of its original: `0012 (1).png` and `0012 - Copy.png` are 12.

    Raises
    ------
    Unusable
        `no_slice_number` if there is none.
    """
    numbers = _NUMBER.findall(_COPY.sub("", path.stem))
    if not numbers:
        raise Unusable("no_slice_number", "a slice's file name holds no number to sort by")
    return int(numbers[-1])


def numbered(files: Sequence[Path]) -> list[Path]:
    """Sort slice files by number (9 before 10).

    Raises
    ------
    Unusable
        `duplicate_position` if two files have one number.
    """
    if len(files) == 1:
        return list(files)
    by_number: dict[int, Path] = {}
    for path in files:
        number = slice_number(path)
        if number in by_number:
            raise Unusable("duplicate_position", f"two files are slice number {number}")
        by_number[number] = path
    return [by_number[number] for number in sorted(by_number)]


def grey(path: Path) -> tuple[npt.NDArray[np.generic], ColourMode, str]:
    """Read one image as grey values [y, x], how it kept them, and its format by its content.

    16-bit and float values stay. RGB is weighted to luma, which leaves equal channels as they are;
    transparency is dropped. The image is turned as its orientation says.

    Raises
    ------
    Unusable
        As from `elsewhere.imaging.picture.opened`.
    """
    with picture.opened(path) as image:
        name = picture.name_of(image)
        if image.mode.startswith("I") or image.mode == "F":
            return np.asarray(picture.turned(image)), "grey", name
        palette = image.mode == "P"
        upright = picture.turned(image.convert("RGB") if palette else image)
        mode: ColourMode = "palette" if palette else _colour_mode(upright)
        return np.asarray(upright.convert("L")), mode, name


def _colour_mode(image: Image.Image) -> ColourMode:
    return "grey" if image.mode in ("1", "L", "LA", "La") else "rgb"


def stack(source: Source) -> Volume:
    """Read slice images, one file a slice, as a volume (A-11, A-12); one image gives [1, y, x].

    Raises
    ------
    Unusable
        `mixed_geometry` if the slices differ in shape or bit depth, and what `numbered` raises.
    """
    files = numbered(source.files)
    slices, modes, names = zip(*(grey(path) for path in files), strict=True)
    kinds = {(one.shape, one.dtype.str) for one in slices}
    if len(kinds) > 1:
        raise Unusable("mixed_geometry", f"slices of {len(kinds)} shapes or types: {sorted(kinds)}")
    stored = np.stack(slices[::-1] if source.first_slice == "head" else slices)
    intensity.check_not_normalised(stored)
    voxels = intensity.rescaled(stored, slope=source.slope, intercept=source.intercept)
    bits = source.bits_stored or 8 * stored.dtype.itemsize
    scale = intensity.value_scale(
        int(voxels.min()), int(voxels.max()), stated_hu=source.slope is not None, bits_stored=bits
    )
    return Volume(
        voxels=np.ascontiguousarray(voxels),
        value_scale=scale,
        bits_stored=bits,
        source_format=max(sorted(set(names)), key=names.count),
        spacing_mm=source.spacing_mm,
        colour_mode=max(modes, key=_COLOURS.index),
    )
