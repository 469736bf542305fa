"""itk: read NRRD and MetaImage files with SimpleITK, after a check that all voxels are there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from elsewhere.imaging import intact, intensity, volume_header
from elsewhere.imaging.volume import UNKNOWN_SPACING_MM, SpacingMm, Unusable, Volume

_READERS = {"nrrd": ("NrrdImageIO", "NRRD"), "metaimage": ("MetaImageIO", "MetaImage")}
_VALUES = 8  # bits in a byte
# what it warns of names files; what matters of it is checked here
sitk.ProcessObject.SetGlobalWarningDisplay(False)


def read(path: Path, *, hu: bool, most_gb: float) -> Volume:
    """Read a volume; its direction, not the order of the array, says where the head is.

    Parameters
    ----------
    path
        A NRRD or MetaImage file, or the header of one.
    hu
        Whether the values are HU; else they have no unit.
    most_gb
        Larger volumes are refused, 10^9 bytes.

    Returns
    -------
    Volume
        int16 [z, y, x], LPS. The flag ``orientation_assumed`` says that the file does not tell how
        the patient lies: the axes are then taken as they are stored, x to z.

    Raises
    ------
    Unusable
        `not_3d` if it is no single volume, `colour` if a voxel is no number, and what
        `volume_header`, `intact` and `intensity.from_file` raise.
    """
    volume_header.check_name(path)
    header = volume_header.read(path)
    data = volume_header.data_file(path, header)
    expected, held = header.expected, data.stat().st_size
    packed = None if header.encoding == "raw" else held
    intact.check_size(expected, most_gb, voxels=math.prod(header.sizes), compressed=packed)
    if header.encoding is not None:
        intact.check(data, start=header.start, expected=expected, encoding=header.encoding)
    library, name = _READERS[header.kind]
    image = _oriented(_executed(path, data, library))
    bits = _VALUES * header.bytes_per_value
    values = intensity.from_file(sitk.GetArrayFromImage(image), hu=hu, bits_stored=bits)
    known = header.oriented and not _plain(image)
    return Volume(
        voxels=np.ascontiguousarray(values.voxels),
        value_scale=values.scale,
        bits_stored=bits,
        source_format=name,
        spacing_mm=_spacing_mm(image, spaced=header.spaced),
        affine=affine_of(image) if known and header.spaced else None,
        repairs=values.repairs,
        flags=() if known else ("orientation_assumed",),
    )


def executed(reader: Any, *files: Path) -> Any:
    """Return the image that a SimpleITK reader reads from these files.

    Raises
    ------
    Unusable
        `unreadable`.
    OSError
        If the disk or the network fails, which SimpleITK does not tell apart.
    """
    return _asked(reader.Execute, files)


def claimed(reader: Any, *files: Path) -> int:
    """Return how many voxels the header of an image claims; none of them is read.

    Raises
    ------
    Unusable, OSError
        As from `executed`.
    """
    _asked(reader.ReadImageInformation, files)
    return math.prod(reader.GetSize())


def _asked(question: Callable[[], Any], files: Sequence[Path]) -> Any:
    try:
        return question()
    except RuntimeError:
        for file in files:
            intact.read_through(file)
        # its text names the file
        raise Unusable("unreadable", "SimpleITK cannot read it") from None


def affine_of(image: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the matrix from voxels (x, y, z) of an image to mm in the patient."""
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return affine


def _executed(path: Path, data: Path, library: str) -> Any:
    reader = sitk.ImageFileReader()
    reader.SetImageIO(library)
    reader.SetFileName(str(path))
    image = executed(reader, path, data)
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise Unusable("colour", f"{image.GetNumberOfComponentsPerPixel()} numbers a voxel")
    return image


def _oriented(image: Any) -> Any:
    """Return a volume turned to LPS, the axes of DICOM's patient."""
    size = image.GetSize()
    if len(size) < 3 or any(length != 1 for length in size[3:]):
        raise Unusable("not_3d", f"shape {size}, expected [x, y, z]")
    volume = image if len(size) == 3 else image[(slice(None),) * 3 + (0,) * (len(size) - 3)]
    return sitk.DICOMOrient(volume, "LPS")


def _plain(image: Any) -> bool:
    """Whether an array was saved without geometry: voxels of 1 mm at the origin, not turned."""
    geometry = (*image.GetSpacing(), *image.GetOrigin(), *image.GetDirection())
    return bool(np.array_equal(geometry, (1, 1, 1, 0, 0, 0, *np.eye(3).ravel())))


def _spacing_mm(image: Any, *, spaced: bool) -> SpacingMm:
    dx, dy, dz = image.GetSpacing()
    return (dz, dy, dx) if spaced else UNKNOWN_SPACING_MM
