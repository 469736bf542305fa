"""nifti: read NIfTI files with nibabel, after a check that they are whole and make sense."""

from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.affines import voxel_sizes

from elsewhere.imaging import intact, intensity, volume_header
from elsewhere.imaging.volume import Unusable, Volume

Affine = npt.NDArray[np.float64]

_GZIP = b"\x1f\x8b"
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_TO_MM = {"unknown": 1.0, "mm": 1.0, "micron": 1e-3, "meter": 1e3}
_SKEWED = 0.01  # cosine of two axes: 0.6 degrees; what a header rounds stays below 1e-4
_RESIZED = 0.01  # difference of two voxel sizes, share
_TURNED = 0.01  # difference of two direction cosines


def read(path: Path, *, hu: bool = True, most_gb: float = math.inf) -> Volume:
    """Read a NIfTI file; the affine, not the array's order, says where the head is.

    Parameters
    ----------
    path
        A file ``.nii`` or ``.nii.gz``, NIfTI-1 or NIfTI-2.
    hu
        Whether the values are HU; else they have no unit.
    most_gb
        Larger volumes are refused, 10^9 bytes.

    Returns
    -------
    Volume
        int16 [z, y, x], LPS. Flags: ``orientation_assumed`` where the header does not say how the
        patient lies, ``orientation_conflict`` where its two affines contradict each other in
        direction or size, ``other_unit`` where lengths were metres or micrometres.

    Raises
    ------
    Unusable
        `not_3d` if it is no single volume, `no_orientation` or `not_orthogonal` if its affine makes
        no lattice of right angles, and what `intact` and `intensity.from_file` raise.
    """
    volume_header.check_name(path)
    loaded = nib.load(path)
    _check_whole(loaded, path, most_gb)
    _check_sizes(loaded, path)
    image = nib.squeeze_image(loaded)
    if len(image.shape) != 3 or min(image.shape) < 1:
        raise Unusable("not_3d", f"shape {image.shape}, expected [x, y, z]")
    affine = _affine_mm(image)
    # NIfTI's own codes name the end an axis runs to; LPS of DICOM is nibabel's L, P, S
    turn = nib.orientations.ornt_transform(
        nib.orientations.io_orientation(affine), nib.orientations.axcodes2ornt(("L", "P", "S"))
    )
    lattice = affine @ nib.orientations.inv_ornt_aff(turn, image.shape)
    stored = nib.orientations.apply_orientation(np.asanyarray(image.dataobj), turn)
    bits, flags = int(image.header["bitpix"]), _flags(image.header)
    values = intensity.from_file(stored.transpose(2, 1, 0), hu=hu, bits_stored=bits)
    dx, dy, dz = (float(size) for size in voxel_sizes(lattice))
    return Volume(
        voxels=np.ascontiguousarray(values.voxels),
        value_scale=values.scale,
        bits_stored=bits,
        source_format="NIfTI",
        spacing_mm=(dz, dy, dx),
        affine=None if "orientation_assumed" in flags else _RAS_TO_LPS @ lattice,
        repairs=values.repairs,
        flags=flags,
    )


def _check_whole(image: Any, path: Path, most_gb: float) -> None:
    voxels = math.prod(image.shape)
    expected = voxels * image.header.get_data_dtype().itemsize
    start = int(image.dataobj.offset)
    with path.open("rb") as file:
        compressed = file.read(len(_GZIP)) == _GZIP
    held = path.stat().st_size if compressed else None
    intact.check_size(expected, most_gb, voxels=voxels, compressed=held)
    if compressed:
        intact.check(path, start=0, expected=start + expected, encoding="gzip")
    else:
        intact.check(path, start=start, expected=expected, encoding="raw")


def _check_sizes(image: Any, path: Path) -> None:
    """Refuse voxels of size 0, which nibabel takes for 1 mm where no other field says more."""
    kind, length = type(image.header), image.header.sizeof_hdr
    with (gzip.open if path.suffix.lower() == ".gz" else open)(path, "rb") as file:
        written = kind(file.read(length), check=False)
    if int(written["sform_code"]) == 0 and not (written["pixdim"][1:4] > 0).all():
        raise Unusable("no_orientation", "a voxel has a size of 0")


def _affine_mm(image: Any) -> Affine:
    """Return the affine in mm, checked to be a lattice of right angles."""
    affine = np.asarray(image.affine, np.float64)
    affine[:3] *= _TO_MM[image.header.get_xyzt_units()[0]]
    sizes = voxel_sizes(affine)
    if not np.isfinite(affine).all() or not (sizes > 0).all():
        raise Unusable("no_orientation", "the affine maps an axis to no direction")
    cosines = affine[:3, :3] / sizes
    skew = float(np.abs(cosines.T @ cosines - np.eye(3)).max())
    if skew > _SKEWED:
        angle = math.degrees(math.asin(min(skew, 1.0)))
        raise Unusable("not_orthogonal", f"two axes are {angle:.1f} degrees off a right angle")
    return affine


def _flags(header: Any) -> tuple[str, ...]:
    """Say where a header leaves open how the patient lies, or says two things of it."""
    unit = () if header.get_xyzt_units()[0] in ("mm", "unknown") else ("other_unit",)
    qform, sform = header.get_qform(coded=True)[0], header.get_sform(coded=True)[0]
    # an array that nibabel or SimpleITK saved without geometry: voxels of 1 mm at the origin
    plain = [
        any(np.array_equal(form, bare) for bare in (np.eye(4), _RAS_TO_LPS))
        for form in (qform, sform)
        if form is not None
    ]
    if not plain or all(plain):
        return ("orientation_assumed", *unit)
    if qform is None or sform is None:
        return unit
    turned = [form[:3, :3] / voxel_sizes(form) for form in (qform, sform)]
    conflict = np.abs(turned[0] - turned[1]).max() > _TURNED or not np.allclose(
        voxel_sizes(qform), voxel_sizes(sform), rtol=_RESIZED
    )
    return ("orientation_conflict", *unit) if conflict else unit
