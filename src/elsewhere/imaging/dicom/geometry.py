"""geometry: the slices of one volume to a regular lattice, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from elsewhere.design.site import IntakeRow
from elsewhere.imaging.dicom import copies, spacing
from elsewhere.imaging.dicom.header import Slice
from elsewhere.imaging.dicom.spacing import Repair
from elsewhere.imaging.volume import Unusable

Vector = npt.NDArray[np.float64]

_MIN_AXIAL_COSINE = 0.85  # a gantry tilts by at most 30 degrees
_STEEPEST_DEGREES = 30.0
# a stack that leans by more would lose too much of the patient when it is set upright
_MOST_SHIFTED = 0.25


@dataclass(frozen=True)
class Lattice:
    """Where the voxels of a volume lie.

    Attributes
    ----------
    slices
        Kept, in the direction of the normal.
    normal
        Unit vector, row direction x column direction.
    spacing_mm
        (dz, dy, dx) of the volume once it is repaired; dz along the normal.
    origin_mm
        x, y, z of the first voxel's centre of the first slice, once repaired.
    repairs
        What the voxels still need, in this order.
    dropped
        Slices that are not used, with reason codes: `identical_copy`, `no_geometry`.
    warnings
        The codes of `dropped`, once each.
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
    """What all slices share: unit vectors along a row, down a column, and their normal."""

    along: Vector
    down: Vector
    normal: Vector
    pixel_mm: tuple[float, float]
    matrix: tuple[int, int]


def judged(
    slices: Sequence[Slice], policy: IntakeRow, *, same: copies.Same = copies.same
) -> Lattice:
    """Sort slices by their position along the normal and judge whether they make one volume.

    Parameters
    ----------
    slices
        Of one volume, in any order; names and *Instance Number* (0020,0013) mean nothing.
    policy
        Tolerances, and whether what is safe to repair is repaired.
    same
        Tells whether two slices at one place are copies; None counts as different.

    Raises
    ------
    Unusable
        `not_ct`, `no_geometry`, `mixed_geometry`, `not_axial`, `single_slice`,
        `duplicate_position`, `crooked`, `gantry_tilt`, `gap` or `uneven_spacing`.
    """
    if any(one.header.modality != "CT" for one in slices):
        raise Unusable("not_ct", "the modality is not CT")
    placed, dropped = _placed(slices, policy)
    plane = _plane(placed, policy)
    heights = (_positions(placed) @ plane.normal).tolist()
    order = sorted(range(len(placed)), key=lambda index: (heights[index], name(placed[index])))
    placed = [placed[index] for index in order]
    kept, copied = _once(placed, plane, policy, same)
    dropped += copied
    if len(kept) < 2:
        raise Unusable("single_slice", "one slice is no volume")
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
        warnings=tuple(sorted({reason for _, reason in dropped})),
    )


@lru_cache(maxsize=1024)
def normal_of(orientation: tuple[float, ...]) -> Vector | None:
    """Return the unit normal of a plane, None if the cosines span no plane."""
    along, down = np.array(orientation[:3]), np.array(orientation[3:])
    normal: Vector = np.cross(along, down)
    length = float(np.linalg.norm(normal))
    # cosines of real headers are rounded, not bent
    sound = abs(length - 1) < 0.05 and abs(float(along @ down)) < 0.05
    if not sound:
        return None
    normal /= length
    normal.flags.writeable = False  # it is shared
    return normal


def has_place(one: Slice) -> bool:
    """Tell whether a slice says where it lies."""
    return (
        one.position_mm is not None
        and one.orientation is not None
        and one.pixel_spacing_mm is not None
        and min(one.pixel_spacing_mm) > 0
        and normal_of(one.orientation) is not None
    )


def name(one: Slice) -> tuple[str, str, int]:
    """Return what sorts slices of one place."""
    return one.header.instance, str(one.header.path), one.frame


def _positions(slices: Sequence[Slice]) -> Vector:
    return np.array([one.position_mm for one in slices], dtype=np.float64)


def _placed(
    slices: Sequence[Slice], policy: IntakeRow
) -> tuple[list[Slice], list[tuple[Slice, str]]]:
    placed = [one for one in slices if has_place(one)]
    without = [one for one in slices if not has_place(one)]
    if not placed or (without and policy.policy == "strict"):
        detail = (
            f"{len(without)} of {len(slices)} slices lack position, orientation or pixel spacing"
        )
        raise Unusable("no_geometry", detail)
    return placed, [(one, "no_geometry") for one in sorted(without, key=name)]


def _plane(placed: Sequence[Slice], policy: IntakeRow) -> _Plane:
    cosines = np.array([one.orientation for one in placed])
    pixel_mm = np.array([one.pixel_spacing_mm for one in placed])
    shapes = {(one.header.stored.rows, one.header.stored.columns) for one in placed}
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


def _once(
    placed: Sequence[Slice], plane: _Plane, policy: IntakeRow, same: copies.Same
) -> tuple[list[Slice], list[tuple[Slice, str]]]:
    """Keep one of identical slices at one place; refuse different ones."""
    steps = np.diff(_positions(placed), axis=0)
    apart = (steps @ plane.normal >= policy.same_position_mm).tolist()
    aside = (np.linalg.norm(steps, axis=1) >= policy.same_position_mm).tolist()
    kept, copied, different = [placed[0]], [], 0
    for index, one in enumerate(placed[1:]):
        if apart[index]:
            kept.append(one)
        elif not aside[index] and same(kept[-1], one):
            copied.append((one, "identical_copy"))
        else:
            different += 1
    if different:
        detail = f"{different} slices lie where another lies and show something else"
        raise Unusable("duplicate_position", detail)
    return kept, copied


def _upright(
    kept: Sequence[Slice], plane: _Plane, policy: IntakeRow
) -> tuple[Vector, tuple[Repair, ...]]:
    """Return the place of the first voxel and the shifts that set a leaning stack upright."""
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
        _believed(kept, plane, policy)
        return positions[0], ()
    shifts = (sideways - centre) / np.array(plane.pixel_mm)
    share = float(np.abs(shifts / np.array(plane.matrix)).max())
    if policy.policy == "strict" or degrees > _STEEPEST_DEGREES or share > _MOST_SHIFTED:
        raise Unusable(
            "gantry_tilt", f"the stack leans by {degrees:.1f} degrees, {share:.0%} of its width"
        )
    origin = heights[0] * plane.normal + centre[0] * plane.down + centre[1] * plane.along
    pairs = tuple((float(rows), float(columns)) for rows, columns in shifts)
    return origin, (Repair("sheared", shifts=pairs),)


def _believed(kept: Sequence[Slice], plane: _Plane, policy: IntakeRow) -> None:
    """Refuse a stack whose scanner says that it was tilted and whose geometry knows nothing of it.

    A tilted plane, or pictures that were computed from others, explain the *Gantry/Detector Tilt*
    (0018,1120).
    """
    stated = [abs(one.tilt_degrees) for one in kept if one.tilt_degrees is not None]
    limit = policy.tilt_tolerance_degrees
    oblique = float(np.degrees(np.arccos(min(abs(plane.normal[2]), 1.0)))) > limit
    derived = kept[0].header.image_type[:1] == ("DERIVED",)
    if stated and float(np.median(stated)) > limit and not oblique and not derived:
        raise Unusable(
            "gantry_tilt",
            f"the header states a tilt of {np.median(stated):.1f} degrees that positions and "
            "orientation do not show",
        )
