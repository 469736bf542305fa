"""masks: read the outline of lesions and fit it to its scan (C-35)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt

from elsewhere.design.rows import InputRow
from elsewhere.imaging import lungs, tissue
from elsewhere.imaging.outline_values import LESION, LUNG, OUTSIDE
from elsewhere.imaging.preparation import Scanned, Voxels
from elsewhere.imaging.volume import Unusable

OUTLINES = "elsewhere.imaging.outlines"  # a module for each kind of input, with `on_lattice`
HALF = 0.5  # share of a voxel from which on it belongs to what is outlined
_OFF = 0.1  # most that corners of two equal lattices may differ, in voxels: headers are rounded

Mask = npt.NDArray[np.bool_]
Affine = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outlined:
    """A mask as its file has it.

    Attributes
    ----------
    mask
        Where the lesions are, ``[z, y, x]`` as in `volume.Volume`.
    affine
        From the voxel (x, y, z) to mm in the patient (LPS).
    """

    mask: Mask
    affine: Affine


def read(
    path: Path, *, values: Collection[int] | None = None, voxels: int | None = None
) -> Outlined:
    """Read a mask.

    Parameters
    ----------
    path
        NIfTI, NRRD or MetaImage.
    values
        Those that mean a lesion; None: all but 0.
    voxels
        How many its scan has; a mask that claims another number is not decoded.

    Raises
    ------
    Unusable
        `unreadable`, `not_3d` or `mask_shape`.
    OSError
        If the disk or the network fails.
    """
    # SimpleITK loads only where it is needed
    import SimpleITK as sitk  # noqa: N813

    from elsewhere.imaging import itk

    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    claimed = itk.claimed(reader, path)
    if voxels is not None and claimed != voxels:
        raise Unusable("mask_shape", f"the mask has {claimed} voxels, its scan {voxels}")
    image = itk.executed(reader, path)
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise Unusable("not_3d", "the mask is no single volume with a number a voxel")
    image = sitk.DICOMOrient(image, "LPS")
    stored = sitk.GetArrayFromImage(image)
    mask = stored != 0 if values is None else np.isin(stored, [*values])
    return Outlined(mask, itk.affine_of(image))


def fitted(outlined: Outlined, *, shape: tuple[int, ...], affine: Affine | None) -> Mask:
    """Return the mask if it lies on the lattice of its scan and has a lesion.

    Parameters
    ----------
    outlined
        The mask.
    shape
        Of the scan, (slices, rows, columns).
    affine
        Of the scan; None where its files do not say where its voxels lie.

    Raises
    ------
    Unusable
        `mask_shape`, `no_geometry`, `mask_lattice` or `no_lesion`.
    """
    if outlined.mask.shape != shape:
        raise Unusable("mask_shape", f"the mask has {outlined.mask.shape}, its scan {shape} voxels")
    if affine is None:
        raise Unusable("no_geometry", "the scan does not say where its voxels lie")
    ends = np.array(np.meshgrid(*((0, length - 1) for length in reversed(shape)))).reshape(3, -1)
    corners = np.vstack([ends, np.ones(ends.shape[1])])
    off_mm = np.linalg.norm(((outlined.affine - affine) @ corners)[:3], axis=0).max()
    spacing_mm = np.linalg.norm(affine[:3, :3], axis=0)
    if not off_mm <= _OFF * spacing_mm.min():  # also if a number is none
        raise Unusable(
            "mask_lattice",
            f"spacing or position differ: corners of the mask lie up to {off_mm:.1f} mm off",
        )
    if not outlined.mask.any():
        raise Unusable("no_lesion", "no voxel of the mask is a lesion")
    return outlined.mask


def lung(voxels: npt.NDArray[np.int16]) -> Mask:
    """Return the lungs of a scan, ``[z, y, x]``, as far as they hold air; holes are filled."""
    # scipy loads only where it is needed
    from scipy.ndimage import binary_fill_holes

    split = tissue.threshold(tissue.subsampled(voxels))
    if split is None:
        return np.zeros(voxels.shape, bool)
    found = lungs.sections(voxels, np.arange(len(voxels)), split=split)
    whole = np.stack([binary_fill_holes(section) for section in found.lung])
    cells = whole.repeat(found.stride, axis=1).repeat(found.stride, axis=2)
    rows, columns = voxels.shape[1:]
    return np.ascontiguousarray(cells[:, :rows, :columns])


def prepared(
    lesion: Mask, *, voxels: Voxels, scan: Scanned, row: InputRow
) -> npt.NDArray[np.uint8]:
    """Return lesion and lungs on the lattice on which `prepare` stores the scan.

    Parameters
    ----------
    lesion
        On the lattice of the scan.
    voxels, scan
        The scan as `ingest` stored it, and what is known of it.
    row
        The row of `inputs`.

    Returns
    -------
    numpy.ndarray
        `OUTSIDE`, `LUNG` or `LESION` of each voxel that the network sees.

    Raises
    ------
    Unusable
        `lost_lesion` if no voxel of the lattice is a lesion by half.
    """
    laid = import_module(f"{OUTLINES}.{row.kind}").on_lattice
    shares = [
        laid(mask.astype(np.float32), voxels=voxels, scan=scan, row=row)
        for mask in (lesion, lung(voxels.astype(np.int16)))
    ]
    of_lesion, of_lung = (share >= HALF for share in shares)
    if not of_lesion.any():
        raise Unusable("lost_lesion", "the lesion is too small for, or outside, what is seen of it")
    outline = np.where(of_lung, LUNG, OUTSIDE).astype(np.uint8)
    outline[of_lesion] = LESION
    return outline
