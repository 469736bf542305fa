"""group: group the slices of DICOM series into volumes: one acquisition on one lattice each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from elsewhere.design.site import IntakeRow
from elsewhere.imaging.dicom.geometry import has_geometry, normal_of, sort_key
from elsewhere.imaging.dicom.header import Slice


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


def _time(placed: _Placed) -> str:
    return placed.slice.acquired


# attributes that tell volumes of one series apart, the most reliable first
_SEPARATING: tuple[Key, ...] = (
    lambda placed: placed.slice.acquisition,
    lambda placed: placed.slice.temporal,
    lambda placed: placed.slice.header.kernel,
    lambda placed: placed.slice.kvp,
    _time,
)


def volumes(slices: Iterable[Slice], policy: IntakeRow) -> list[tuple[Slice, ...]]:
    """Return the slices of each volume, sorted by position.

    A volume has one *Series Instance UID* (0020,000E), matrix, pixel format, orientation and pixel
    spacing. Where slices of one series lie at equal or alternating positions, *Acquisition Number*
    (0020,0012), temporal position, kernel, kVp and acquisition time separate the volumes. Slices
    that they do not separate stay together, and `geometry.lattice_of` rejects them.

    Returns
    -------
    list
        Sorted by series, separating attributes and position, whatever the order of `slices`.
    """
    by_format: dict[Hashable, list[Slice]] = defaultdict(list)
    for slice_ in slices:
        by_format[_format(slice_)].append(slice_)
    stacks = [
        sorted(stack)
        for group in by_format.values()
        for plane_stack in _stacks(group, policy)
        for stack in _separate(plane_stack, policy)
    ]
    return [tuple(placed.slice for placed in stack) for stack in sorted(stacks, key=_rank)]


def _rank(stack: Stack) -> tuple[object, ...]:
    first = stack[0]
    return first.slice.header.series, *(key(first) for key in _SEPARATING), first


def _format(slice_: Slice) -> Hashable:
    header, stored = slice_.header, slice_.header.stored
    return (
        header.series,
        header.modality,
        stored.rows,
        stored.columns,
        stored.bits_allocated,
        stored.bits_stored,
        stored.signed,
        stored.photometric,
        stored.samples,
    )


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
    """Separate the volumes of one stack where their positions are equal or alternate."""
    doubled = _doubled(stack, policy)
    for key in _SEPARATING:
        parts = _parts(stack, key)
        if len(parts) < 2:
            continue
        fewer = doubled > sum(_doubled(part, policy) for part in parts)
        # acquisition times differ within a volume, so they separate equal positions only
        mixed = not doubled and key is not _time and _alternate(stack, parts, key)
        if mixed or (fewer and _mostly_stacks(parts, policy)):
            return [apart for part in parts for apart in _separate(part, policy)]
    return [stack]


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
    """Return whether the slices of stacks of at least three slices alternate."""
    runs = sum(1 for _ in groupby(sorted(stack), key=key))
    return runs > len(parts) and min(len(part) for part in parts) >= 3
