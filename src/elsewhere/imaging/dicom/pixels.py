"""pixels: read one DICOM volume as voxels, feet to head, in HU if its headers have a rescale."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

import numpy as np
import numpy.typing as npt

from elsewhere.design.site import IntakeRow
from elsewhere.imaging import intensity
from elsewhere.imaging.dicom import acquisition, copies, decode, geometry, repair
from elsewhere.imaging.dicom.geometry import Lattice
from elsewhere.imaging.dicom.header import Header, Slice
from elsewhere.imaging.dicom.stack import Stack
from elsewhere.imaging.volume import SpacingMm, Unusable, Volume

# PS3.3 C.11.1.1.2; what else stands there may be free text and is not quoted
_TYPES = {"OD", "US", "MGML", "Z_EFF", "ED", "EDW", "HU_MOD", "PCT"}
# words of Image Type (0008,0008) for slabs that show a greatest, least or mean value
_PROJECTIONS = {"MIP", "MINIP", "MNIP", "AIP", "AVERAGE", "PROJECTION"}
_LOSSY = (
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.203",
)


def read(slices: Sequence[Slice], policy: IntakeRow) -> Volume:
    """Decode one volume, compressed or not, each slice by its own rescale (A-11, A-12).

    Parameters
    ----------
    slices
        Of one volume, in any order.
    policy
        Tolerances of the geometry, allowed repairs and the limits of decoding.

    Returns
    -------
    Volume
        In HU if every slice has *Rescale Slope* (0028,1053) and *Rescale Intercept* (0028,1052)
        and some voxel is less dense than water; without a rescale the values never count as HU.
        `stack.Stack.finished` describes padding and *MONOCHROME1*.

    Raises
    ------
    Unusable
        `mixed_rescale` if only some slices have a rescale, `bad_rescale`, `mixed_pixels`,
        `only_padding`, `value_range`, and the reasons of `decode.decode_slices` and
        `geometry.lattice_of`.
    """
    lattice = geometry.lattice_of(slices, policy, same=_same(policy))
    kept = lattice.slices
    stated_hu, doubts = _rescaled(kept, policy)
    _check_alike(kept)
    stack = Stack(kept)
    parts = decode.decode_slices(kept, policy, stack.place)
    bits = max(slice_.header.stored.bits_stored for slice_ in kept)
    scale = intensity.value_scale(*stack.span(parts), stated_hu=stated_hu, bits_stored=bits)
    voxels = stack.finished(parts, scale)
    if lattice.repairs:
        voxels = repair.repaired(voxels, lattice)
    voxels, spacing_mm, affine = to_patient_axes(voxels, lattice)
    return Volume(
        voxels=voxels,
        value_scale=scale,
        bits_stored=bits,
        source_format="DICOM",
        spacing_mm=spacing_mm,
        acquisition=acquisition.of(kept[0].header),
        affine=affine,
        repairs=tuple(step.code for step in lattice.repairs),
        flags=_flags(lattice, doubts | {flag for part in parts for flag in part.flags}),
        dropped=_dropped(lattice),
    )


def _same(policy: IntakeRow) -> copies.Same:
    """Compare slices by their stored bytes, and by decoded values where the bytes do not decide."""

    def same(first_slice: Slice, second_slice: Slice) -> bool | None:
        by_bytes = copies.same(first_slice, second_slice)
        if by_bytes is not None:
            return by_bytes
        first, second = decode.decode_slices(
            [first_slice, second_slice], policy, lambda _, decoded: decoded.values.copy()
        )
        return np.array_equal(first, second)

    return same


def _rescaled(slices: Sequence[Slice], policy: IntakeRow) -> tuple[bool, set[str]]:
    """Return whether the slices have a rescale to HU, all of them or none, and what is doubtful."""
    stated = [slice_.slope is not None and slice_.intercept is not None for slice_ in slices]
    if len(set(stated)) > 1:
        raise Unusable(
            "mixed_rescale",
            f"{sum(stated)} of {len(stated)} slices have a rescale slope and intercept",
        )
    for slice_ in slices:
        if (slice_.slope is None) != (slice_.intercept is None):
            raise Unusable("bad_rescale", "a rescale slope without an intercept, or the reverse")
        if slice_.slope == 0:
            raise Unusable("bad_rescale", "a rescale slope of 0 makes all voxels equal")
        if not all(isfinite(number or 0) for number in (slice_.slope, slice_.intercept)):
            raise Unusable("bad_rescale", "a rescale slope or intercept is no number")
    return stated[0], _other_type(slices, policy)


def _other_type(slices: Sequence[Slice], policy: IntakeRow) -> set[str]:
    """Refuse values that *Rescale Type* (0028,1054) says are no HU (PS3.3 C.11.1.1.2)."""
    types = {slice_.rescale_type.upper() for slice_ in slices} - {"", "HU"}
    if not types:
        return set()
    if types != {"US"} or policy.doubtful_hu == "refuse":
        known = ", ".join(sorted(types & _TYPES)) or "another word"
        raise Unusable("not_hu", f"Rescale Type is {known}, expected HU")
    return {"rescale_type"}


def _check_alike(slices: Sequence[Slice]) -> None:
    kinds = {
        (slice_.header.stored.rows, slice_.header.stored.columns, slice_.header.stored.photometric)
        for slice_ in slices
    }
    if len(kinds) > 1:
        raise Unusable("mixed_pixels", f"slices of {len(kinds)} shapes or photometric kinds")


def to_patient_axes(
    voxels: npt.NDArray[np.int16], lattice: Lattice
) -> tuple[npt.NDArray[np.int16], SpacingMm, npt.NDArray[np.float64]]:
    """Reorient [normal, row, column] so that z runs to the head, y to the back, x to the left.

    Returns
    -------
    tuple
        Voxels [z, y, x], (dz, dy, dx), and the affine from the voxel (x, y, z) to mm in LPS.
    """
    cosines = np.array(lattice.slices[0].orientation).reshape(2, 3)
    # a step along array axis 1 goes down the column cosines, along axis 2 along the row cosines
    directions = np.stack([lattice.normal, cosines[1], cosines[0]])
    steps = directions * np.array(lattice.spacing_mm)[:, None]
    if abs(directions[1, 0]) > abs(directions[1, 1]):
        voxels, steps = voxels.transpose(0, 2, 1), steps[[0, 2, 1]]
    backwards = tuple(axis for axis in range(3) if steps[axis, 2 - axis] < 0)
    origin = np.array(lattice.origin_mm, np.float64)
    for axis in backwards:
        origin = origin + steps[axis] * (voxels.shape[axis] - 1)
        steps[axis] *= -1
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = steps[::-1].T, origin
    dz, dy, dx = (float(size) for size in np.linalg.norm(steps, axis=1))
    return np.ascontiguousarray(np.flip(voxels, backwards)), (dz, dy, dx), affine


def _dropped(lattice: Lattice) -> tuple[tuple[Path, str], ...]:
    """Return the files of which no frame is used, each with the first of its reasons."""
    used = {slice_.header.path for slice_ in lattice.slices}
    reasons = {slice_.header.path: reason for slice_, reason in reversed(lattice.dropped)}
    return tuple(sorted(item for item in reasons.items() if item[0] not in used))


def _flags(lattice: Lattice, flags: set[str]) -> tuple[str, ...]:
    """Return the codes of the warnings for the user, sorted."""
    if len({(slice_.header.kernel, slice_.kvp) for slice_ in lattice.slices}) > 1:
        flags.add("mixed_protocol")
    for slice_ in lattice.slices:
        flags |= _header_flags(slice_.header)
    return tuple(sorted({*flags, *lattice.warnings}))


def _header_flags(header: Header) -> set[str]:
    flags = set()
    if header.burned_in.strip().upper().startswith("Y"):
        flags.add("burned_in")
    if header.is_capture or "SECONDARY" in header.image_type[1:2]:
        flags.add("secondary_capture")
    if header.modality.upper() != "CT":
        flags.add("odd_modality")
    if _PROJECTIONS & {word for text in header.image_type for word in text.upper().split()}:
        flags.add("projection")
    if header.stored.transfer_syntax in _LOSSY:
        flags.add("lossy")
    return flags
