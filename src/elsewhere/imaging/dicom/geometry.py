"""geometry: arrange the slices of a volume on a regular lattice, or say why they do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from elsewhere.design.site import IntakeRow
from elsewhere.imaging.dicom import copies, spacing, stated
from elsewhere.imaging.dicom.header import Slice
from elsewhere.imaging.dicom.spacing import Repair
from elsewhere.imaging.volume import Unusable

Vector = npt.NDArray[np.float64]

_MIN_AXIAL_COSINE = 0.85  # a gantry tilts by at most 30 degrees
_STEEPEST_DEGREES = 30.0
# share of the width; a stack that leans by more would lose too much when it is sheared upright
_MOST_SHIFTED = 0.25


@dataclass(frozen=True)
class Lattice:
    """The positions of the voxels of a volume.

    Attributes
    ----------
    slices
        The slices of the volume, sorted along the normal.
    normal
        Unit vector, row direction x column direction.
    spacing_mm
        (dz, dy, dx) of the volume after the repairs; dz along the normal.
    origin_mm
        x, y, z of the centre of the first slice's first voxel, after the repairs.
    repairs
        The repairs that the voxels still need, in this order.
    dropped
        Slices that are not used, with reason codes: `identical_copy`, `no_geometry`.
    warnings
        The codes of `dropped`, once each, and `fewer_than_stated`.
    """

    slices: tuple[Slice, ...]
    normal: Vector
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    repairs: tuple[Repair, ...] = ()
    dropped: tuple[tuple[Slice, str], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Plane:
    """The plane of all slices: unit vectors along a row and down a column, and their normal."""

    along: Vector
    down: Vector
    normal: Vector
    pixel_mm: tuple[float, float]
    matrix: tuple[int, int]


def lattice_of(
    slices: Sequence[Slice], policy: IntakeRow, *, same: copies.Same = copies.same
) -> Lattice:
    """Sort slices along the normal and return their lattice.

    Parameters
    ----------
    slices
        Of one volume, in any order; names and *Instance Number* (0020,0013) are not used.
    policy
        Tolerances, and whether safe repairs are made.
    same
        Returns whether two slices at one position are copies; None counts as different.

    Raises
    ------
    Unusable
        `not_ct`, `no_geometry`, `mixed_geometry`, `not_axial`, `single_slice`,
        `duplicate_position`, `lost_slices`, `crooked`, `gantry_tilt`, `gap` or `uneven_spacing`.
    """
    if not all(slice_.header.is_ct for slice_ in slices):
        raise Unusable("not_ct", "neither the SOP class nor the modality is CT")
    placed, dropped = _with_geometry(slices, policy)
    plane = _plane(placed, policy)
    heights = (_positions(placed) @ plane.normal).tolist()
    order = sorted(range(len(placed)), key=lambda index: (heights[index], sort_key(placed[index])))
    placed = [placed[index] for index in order]
    kept, copied = _without_copies(placed, plane, policy, same)
    dropped += copied
    if len(kept) < 2:
        raise Unusable("single_slice", "a volume needs at least two slices")
    warnings = {reason for _, reason in dropped} | _fewer_than_stated(kept, policy)
    origin, lean = _upright(kept, plane, policy)
    distance, repairs = spacing.regular(_positions(kept) @ plane.normal, policy)
    x, y, z = origin.tolist()
    return Lattice(
        slices=tuple(kept),
        normal=plane.normal,
        spacing_mm=(distance, *plane.pixel_mm),
        origin_mm=(x, y, z),
        repairs=lean + repairs,
        dropped=tuple(dropped),
        warnings=tuple(sorted(warnings)),
    )


@lru_cache(maxsize=1024)
def normal_of(orientation: tuple[float, ...]) -> Vector | None:
    """Return the unit normal of a plane, None if the direction cosines are invalid."""
    along, down = np.array(orientation[:3]), np.array(orientation[3:])
    normal: Vector = np.cross(along, down)
    length = float(np.linalg.norm(normal))
    # real headers round the cosines; larger errors are faults
    valid = abs(length - 1) < 0.05 and abs(float(along @ down)) < 0.05
    if not valid:
        return None
    normal /= length
    normal.flags.writeable = False  # it is shared
    return normal


def has_geometry(slice_: Slice) -> bool:
    """Return whether a slice has valid position, orientation and pixel spacing."""
    return (
        slice_.position_mm is not None
        and slice_.orientation is not None
        and slice_.pixel_spacing_mm is not None
        and min(slice_.pixel_spacing_mm) > 0
        and normal_of(slice_.orientation) is not None
    )


def sort_key(slice_: Slice) -> tuple[str, str, int]:
    """Return a key that orders slices at one position."""
    return slice_.header.instance, str(slice_.header.path), slice_.frame


def _positions(slices: Sequence[Slice]) -> Vector:
    return np.array([slice_.position_mm for slice_ in slices], dtype=np.float64)


def _with_geometry(
    slices: Sequence[Slice], policy: IntakeRow
) -> tuple[list[Slice], list[tuple[Slice, str]]]:
    placed = [slice_ for slice_ in slices if has_geometry(slice_)]
    without = [slice_ for slice_ in slices if not has_geometry(slice_)]
    if not placed or (without and policy.policy == "strict"):
        detail = (
            f"{len(without)} of {len(slices)} slices lack position, orientation or pixel spacing"
        )
        raise Unusable("no_geometry", detail)
    return placed, [(slice_, "no_geometry") for slice_ in sorted(without, key=sort_key)]


def _plane(placed: Sequence[Slice], policy: IntakeRow) -> _Plane:
    cosines = np.array([slice_.orientation for slice_ in placed])
    pixel_mm = np.array([slice_.pixel_spacing_mm for slice_ in placed])
    shapes = {(slice_.header.stored.rows, slice_.header.stored.columns) for slice_ in placed}
    middle, step = np.median(cosines, axis=0), np.median(pixel_mm, axis=0)
    if (
        len(shapes) > 1
        or np.abs(cosines - middle).max() > policy.cosine_tolerance
        or np.abs(pixel_mm / step - 1).max() > policy.cosine_tolerance
    ):
        raise Unusable("mixed_geometry", "matrix, orientation or pixel spacing differ")
    normal = normal_of(tuple(middle.tolist()))
    if normal is None or abs(normal[2]) < _MIN_AXIAL_COSINE:
        raise Unusable("not_axial", "the slices are not axial")
    along = middle[:3] / np.linalg.norm(middle[:3])
    return _Plane(
        along=along,
        down=np.cross(normal, along),
        normal=normal,
        pixel_mm=(float(step[0]), float(step[1])),
        matrix=next(iter(shapes)),
    )


def _without_copies(
    placed: Sequence[Slice], plane: _Plane, policy: IntakeRow, same: copies.Same
) -> tuple[list[Slice], list[tuple[Slice, str]]]:
    """Keep one of several identical slices at one position; reject different ones."""
    steps = np.diff(_positions(placed), axis=0)
    apart = (steps @ plane.normal >= policy.same_position_mm).tolist()
    beside = (np.linalg.norm(steps, axis=1) >= policy.same_position_mm).tolist()
    kept, copied, different = [placed[0]], [], 0
    for index, slice_ in enumerate(placed[1:]):
        if apart[index]:
            kept.append(slice_)
        elif not beside[index] and same(kept[-1], slice_):
            copied.append((slice_, "identical_copy"))
        else:
            different += 1
    if different:
        detail = f"{different} slices lie where another slice lies, with different pixels"
        raise Unusable("duplicate_position", detail)
    return kept, copied


def _fewer_than_stated(kept: Sequence[Slice], policy: IntakeRow) -> set[str]:
    """Return a warning where the header counts more slices than there are, or refuse the volume."""
    missing, expected = stated.missing(kept)
    if missing == "yes" and policy.policy == "strict":
        raise Unusable("lost_slices", f"{len(kept)} slices, the header states {expected}")
    return set() if missing == "no" else {"fewer_than_stated"}


def _upright(
    kept: Sequence[Slice], plane: _Plane, policy: IntakeRow
) -> tuple[Vector, tuple[Repair, ...]]:
    """Return the position of the first voxel and the repair that shears a leaning stack upright."""
    positions = _positions(kept)
    heights = positions @ plane.normal
    sideways = positions @ np.stack([plane.down, plane.along], axis=1)
    middle = (heights[0] + heights[-1]) / 2
    drift, centre = np.polynomial.polynomial.polyfit(heights - middle, sideways, 1)[::-1]
    fitted = centre + np.outer(heights - middle, drift)
    off_line = float(np.abs(sideways - fitted).max())
    if off_line > policy.spacing_tolerance_mm:
        raise Unusable("crooked", f"positions lie up to {off_line:.2f} mm beside a straight line")
    degrees = float(np.degrees(np.arctan(np.linalg.norm(drift))))
    if degrees <= policy.tilt_tolerance_degrees:
        _check_stated_tilt(kept, plane, policy)
        return positions[0], ()
    shifts = (sideways - centre) / np.array(plane.pixel_mm)
    shifted_share = float(np.abs(shifts / np.array(plane.matrix)).max())
    if policy.policy == "strict" or degrees > _STEEPEST_DEGREES or shifted_share > _MOST_SHIFTED:
        raise Unusable(
            "gantry_tilt",
            f"the stack leans by {degrees:.1f} degrees, {shifted_share:.0%} of its width",
        )
    origin = heights[0] * plane.normal + centre[0] * plane.down + centre[1] * plane.along
    pairs = tuple((float(rows), float(columns)) for rows, columns in shifts)
    return origin, (Repair("sheared", shifts=pairs),)


def _check_stated_tilt(kept: Sequence[Slice], plane: _Plane, policy: IntakeRow) -> None:
    """Reject a stack whose header states a gantry tilt that its geometry does not show.

    Tilted planes and images derived from others explain *Gantry/Detector Tilt* (0018,1120).
    """
    tilts = [abs(slice_.tilt_degrees) for slice_ in kept if slice_.tilt_degrees is not None]
    limit = policy.tilt_tolerance_degrees
    oblique = float(np.degrees(np.arccos(min(abs(plane.normal[2]), 1.0)))) > limit
    derived = kept[0].header.image_type[:1] == ("DERIVED",)
    if tilts and float(np.median(tilts)) > limit and not oblique and not derived:
        raise Unusable(
            "gantry_tilt",
            f"the header states a tilt of {np.median(tilts):.1f} degrees that positions and "
            "orientation do not show",
        )
