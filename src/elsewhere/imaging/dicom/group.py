"""group: group the slices of DICOM series into volumes: one acquisition on one lattice each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from elsewhere.design.site import IntakeRow
from elsewhere.imaging.dicom.geometry import Vector, has_geometry, normal_of, sort_key
from elsewhere.imaging.dicom.header import Slice, Stored


@dataclass(frozen=True, slots=True, order=True)
class _Placed:
    """A slice and the values that sort it."""

    height_mm: float
    name: tuple[str, str, int]
    slice: Slice = field(compare=False)

    @property
    def image(self) -> Hashable:
        """The identity of the image: equal for copies of one SOP instance."""
        instance, path, frame = self.name
        return self.height_mm, instance or path, frame


Stack = list[_Placed]
Key = Callable[[_Placed], str]


# attributes that tell volumes of one series apart, the most reliable first
_INTERLEAVED: tuple[Key, ...] = (
    lambda placed: placed.slice.acquisition,
    lambda placed: placed.slice.temporal,
    lambda placed: placed.slice.header.kernel,
    lambda placed: placed.slice.kvp,
)
# the others may differ within a volume, so they separate equal positions only
_SEPARATING: tuple[Key, ...] = (
    *_INTERLEAVED,
    lambda placed: "/".join(placed.slice.header.image_type),
    lambda placed: _pixels(placed.slice.header.stored),
    lambda placed: str(placed.slice.header.stored.bits_stored),
    lambda placed: placed.slice.acquired,
)
# a volume of its own shares at least this of its slices with the range of the series' longest one
_SHARED = 0.5
_PARALLEL = 0.85  # cosine of two normals: a gantry tilts by at most 30 degrees


def volumes(slices: Iterable[Slice], policy: IntakeRow) -> list[tuple[Slice, ...]]:
    """Return the slices of each volume, sorted by position.

    A volume has one *Series Instance UID* (0020,000E), matrix, orientation and pixel spacing. Where
    slices of one series lie at equal or alternating positions, *Acquisition Number* (0020,0012),
    temporal position, kernel, kVp, image type, pixel format and acquisition time separate the
    volumes; docs/ingestion.md says why each does. Volumes of one series show the same part of the
    body. Stacks that follow each other are pieces of one chest: they stay together, and
    `geometry.lattice_of` makes one volume of them or rejects them.

    Returns
    -------
    list
        Sorted by series, separating attributes and position, whatever the order of `slices`.
    """
    by_format: dict[Hashable, list[Slice]] = defaultdict(list)
    for slice_ in slices:
        by_format[_format(slice_)].append(slice_)
    by_series: dict[str, list[Stack]] = defaultdict(list)
    for group in by_format.values():
        for plane_stack in _stacks(group, policy):
            by_series[group[0].header.series] += _separate(plane_stack, policy)
    stacks = [
        sorted(stack) for of_series in by_series.values() for stack in _without_pieces(of_series)
    ]
    return [tuple(placed.slice for placed in stack) for stack in sorted(stacks, key=_rank)]


def _rank(stack: Stack) -> tuple[object, ...]:
    first = stack[0]
    return first.slice.header.series, *(key(first) for key in _SEPARATING), first


def _format(slice_: Slice) -> Hashable:
    header, stored = slice_.header, slice_.header.stored
    return header.series, header.is_ct, stored.rows, stored.columns


def _pixels(stored: Stored) -> str:
    """Return how pixels are kept; bits stored may follow each slice's own maximum."""
    return f"{stored.bits_allocated}/{stored.signed}/{stored.photometric}"


def _stacks(group: Sequence[Slice], policy: IntakeRow) -> list[Stack]:
    """Separate planes of different direction or pixel spacing.

    Slices without geometry stay with the largest stack, to which they may belong.
    """
    by_plane: dict[tuple[float, ...], list[Slice]] = defaultdict(list)
    for slice_ in group:
        geometry = (*slice_.orientation, *slice_.pixel_spacing_mm) if has_geometry(slice_) else ()  # type: ignore[misc]
        by_plane[geometry].append(slice_)
    without_geometry = by_plane.pop((), [])
    stacks: dict[tuple[float, ...], list[Slice]] = {}
    for plane in sorted(by_plane):
        near = (known for known in stacks if _alike(known, plane, policy.cosine_tolerance))
        stacks.setdefault(next(near, plane), []).extend(by_plane[plane])
    if not stacks:
        return [[_Placed(0.0, sort_key(slice_), slice_) for slice_ in without_geometry]]
    placed = [_heights(plane, stack) for plane, stack in stacks.items()]
    max(placed, key=len).extend(
        _Placed(0.0, sort_key(slice_), slice_) for slice_ in without_geometry
    )
    return placed


def _alike(first: Sequence[float], second: Sequence[float], tolerance: float) -> bool:
    cosines = all(abs(a - b) <= tolerance for a, b in zip(first[:6], second[:6], strict=True))
    return cosines and all(
        abs(a / b - 1) <= tolerance for a, b in zip(first[6:], second[6:], strict=True)
    )


def _heights(plane: tuple[float, ...], stack: Sequence[Slice]) -> Stack:
    heights = np.array([slice_.position_mm for slice_ in stack]) @ normal_of(plane[:6])
    return [
        _Placed(height, sort_key(slice_), slice_)
        for height, slice_ in zip(heights.tolist(), stack, strict=True)
    ]


def _separate(stack: Stack, policy: IntakeRow) -> list[Stack]:
    """Separate the volumes of one stack where their positions are equal or alternate.

    Blocks of a step-and-shoot scan, and passes that overlap, have positions in common too; they
    are no volumes of their own.
    """
    doubled = _doubled(stack, policy)
    for key in _SEPARATING:
        parts = _parts(stack, key)
        if len(parts) < 2:
            continue
        fewer = doubled > sum(_doubled(part, policy) for part in parts)
        mixed = not doubled and key in _INTERLEAVED and _alternate(stack, parts, key)
        apart = mixed or (fewer and _mostly_stacks(parts, policy))
        if apart and _show_the_same(parts):
            return [stack_ for part in parts for stack_ in _separate(part, policy)]
    return [stack]


def _show_the_same(parts: Sequence[Stack]) -> bool:
    """Return whether each part lies in the range of the longest, so that none is a piece of it."""
    longest = max(parts, key=lambda part: (_extent(part), len(part)))
    return all(_shared(part, longest) >= _SHARED for part in parts)


def _extent(stack: Stack) -> float:
    heights = [placed.height_mm for placed in stack]
    return max(heights) - min(heights)


def _shared(part: Stack, whole: Stack) -> float:
    """Return the share of the slices of a part that lie in the range of another stack."""
    heights = [placed.height_mm for placed in whole]
    inside = sum(min(heights) <= placed.height_mm <= max(heights) for placed in part)
    return inside / len(part)


def _without_pieces(stacks: list[Stack]) -> list[Stack]:
    """Join the parallel stacks of a series that lie beside its largest one: one chest in pieces."""
    placed = [stack for stack in stacks if has_geometry(stack[0].slice)]
    if len(placed) < 2:
        return stacks
    largest = max(placed, key=lambda stack: (len(stack), sorted(stack)[0].name))
    normal = _normal(largest)
    seen = _along(largest, normal)
    pieces = [
        stack
        for stack in placed
        if stack is not largest
        and abs(float(_normal(stack) @ normal)) > _PARALLEL
        and _shared(_along(stack, normal), seen) < _SHARED
    ]
    if not pieces:
        return stacks
    joined = [one for stack in (largest, *pieces) for one in _along(stack, normal)]
    others = [
        stack
        for stack in stacks
        if stack is not largest and not any(stack is piece for piece in pieces)
    ]
    return [joined, *others]


def _normal(stack: Stack) -> Vector:
    orientation = stack[0].slice.orientation
    normal = None if orientation is None else normal_of(orientation)
    if normal is None:
        raise ValueError("a stack without orientation has no normal")
    return normal


def _along(stack: Stack, normal: Vector) -> Stack:
    """Return a stack with its heights along another normal."""
    return [
        replace(placed, height_mm=float(np.array(placed.slice.position_mm) @ normal))
        if placed.slice.position_mm is not None
        else placed
        for placed in stack
    ]


def _parts(stack: Stack, key: Key) -> list[Stack]:
    parts: dict[str, Stack] = defaultdict(list)
    for placed in stack:
        parts[key(placed)].append(placed)
    return list(parts.values())


def _doubled(stack: Stack, policy: IntakeRow) -> int:
    """Count the images at the position of another image."""
    heights = np.sort([placed.height_mm for placed in stack])
    equal = int((np.diff(heights) < policy.same_position_mm).sum())
    # copies of one SOP instance are one image; they are counted only if positions are equal
    return equal and equal - (len(stack) - len({placed.image for placed in stack}))


def _mostly_stacks(parts: Sequence[Stack], policy: IntakeRow) -> bool:
    """Return whether a separation gives stacks and not single slices."""
    stacked = sum(
        len(part)
        for part in parts
        if max(part).height_mm - min(part).height_mm >= policy.same_position_mm
    )
    return 2 * stacked >= sum(len(part) for part in parts)


def _alternate(stack: Stack, parts: Sequence[Stack], key: Key) -> bool:
    """Return whether the slices of stacks of at least three slices alternate one by one.

    Where a middle part alone has another value there are three runs and still one volume.
    """
    runs = sum(1 for _ in groupby(sorted(stack), key=key))
    shortest = min(len(part) for part in parts)
    return runs > max(len(parts), shortest) and shortest >= 3
