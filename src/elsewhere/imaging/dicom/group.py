"""group: slices to volumes: what a scanner made in one go, on one lattice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from elsewhere.design.site import IntakeRow
from elsewhere.imaging.dicom.geometry import has_place, name, normal_of
from elsewhere.imaging.dicom.header import Slice


@dataclass(frozen=True, slots=True, order=True)
class _Placed:
    """A slice with what sorts it."""

    height_mm: float
    name: tuple[str, str, int]
    slice: Slice = field(compare=False)

    @property
    def image(self) -> Hashable:
        """What copies of one SOP instance have in common."""
        instance, path, frame = self.name
        return self.height_mm, instance or path, frame


Stack = list[_Placed]
Key = Callable[[_Placed], str]


def _moment(one: _Placed) -> str:
    return one.slice.acquired


# what one series may mix at equal or alternating positions, the most trustworthy first
_APART: tuple[Key, ...] = (
    lambda one: one.slice.acquisition,
    lambda one: one.slice.temporal,
    lambda one: one.slice.header.kernel,
    lambda one: one.slice.kvp,
    _moment,
)


def volumes(slices: Iterable[Slice], policy: IntakeRow) -> list[tuple[Slice, ...]]:
    """Return the slices of each volume, sorted by position.

    A volume has one *Series Instance UID* (0020,000E), matrix, pixel format, orientation and pixel
    spacing. Where slices of one series lie at equal or alternating positions, *Acquisition Number*
    (0020,0012), temporal position, kernel, kVp and acquisition time tell the volumes apart; what
    they cannot tell apart stays together, for `geometry.judged` to refuse.

    Returns
    -------
    list
        In the order of series, place and what tells them apart, whatever the order of `slices`.
    """
    by_format: dict[Hashable, list[Slice]] = defaultdict(list)
    for one in slices:
        by_format[_format(one)].append(one)
    found = [
        sorted(stack)
        for group in by_format.values()
        for whole in _stacks(group, policy)
        for stack in _separate(whole, policy)
    ]
    return [tuple(one.slice for one in stack) for stack in sorted(found, key=_rank)]


def _rank(stack: Stack) -> tuple[object, ...]:
    first = stack[0]
    return first.slice.header.series, *(key(first) for key in _APART), first


def _format(one: Slice) -> Hashable:
    header, stored = one.header, one.header.stored
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
    """Tell planes of different direction or pixel spacing apart.

    Slices that do not say where they lie stay with the largest stack, which they may belong to.
    """
    by_plane: dict[tuple[float, ...], list[Slice]] = defaultdict(list)
    for one in group:
        known = (*one.orientation, *one.pixel_spacing_mm) if has_place(one) else ()  # type: ignore[misc]
        by_plane[known].append(one)
    lost = by_plane.pop((), [])
    stacks: dict[tuple[float, ...], list[Slice]] = {}
    for plane in sorted(by_plane):
        near = (first for first in stacks if _alike(first, plane, policy.cosine_tolerance))
        stacks.setdefault(next(near, plane), []).extend(by_plane[plane])
    if not stacks:
        return [[_Placed(0.0, name(one), one) for one in lost]]
    placed = [_heights(plane, stack) for plane, stack in stacks.items()]
    max(placed, key=len).extend(_Placed(0.0, name(one), one) for one in lost)
    return placed


def _alike(one: Sequence[float], other: Sequence[float], tolerance: float) -> bool:
    cosines = all(abs(a - b) <= tolerance for a, b in zip(one[:6], other[:6], strict=True))
    return cosines and all(
        abs(a / b - 1) <= tolerance for a, b in zip(one[6:], other[6:], strict=True)
    )


def _heights(plane: tuple[float, ...], stack: Sequence[Slice]) -> Stack:
    heights = np.array([one.position_mm for one in stack]) @ normal_of(plane[:6])
    return [
        _Placed(height, name(one), one) for height, one in zip(heights.tolist(), stack, strict=True)
    ]


def _separate(stack: Stack, policy: IntakeRow) -> list[Stack]:
    """Tell the volumes of one stack apart where their positions are equal or alternate."""
    doubled = _doubled(stack, policy)
    for key in _APART:
        parts = _parts(stack, key)
        if len(parts) < 2:
            continue
        fewer = doubled > sum(_doubled(part, policy) for part in parts)
        # the time of acquisition differs within a volume, it separates equal positions only
        mixed = not doubled and key is not _moment and _alternate(stack, parts, key)
        if mixed or (fewer and _mostly_stacks(parts, policy)):
            return [apart for part in parts for apart in _separate(part, policy)]
    return [stack]


def _parts(stack: Stack, key: Key) -> list[Stack]:
    parts: dict[str, Stack] = defaultdict(list)
    for one in stack:
        parts[key(one)].append(one)
    return list(parts.values())


def _doubled(stack: Stack, policy: IntakeRow) -> int:
    """Count the images that lie where another lies."""
    heights = np.sort([one.height_mm for one in stack])
    equal = int((np.diff(heights) < policy.same_position_mm).sum())
    # only then is it worth to look for copies of one SOP instance, which are one image
    return equal and equal - (len(stack) - len({one.image for one in stack}))


def _mostly_stacks(parts: Sequence[Stack], policy: IntakeRow) -> bool:
    """Tell whether a separation leaves stacks, not single slices."""
    stacked = sum(
        len(part)
        for part in parts
        if max(part).height_mm - min(part).height_mm >= policy.same_position_mm
    )
    return 2 * stacked >= sum(len(part) for part in parts)


def _alternate(stack: Stack, parts: Sequence[Stack], key: Key) -> bool:
    """Tell whether stacks of three slices or more lie between each other's slices."""
    runs = sum(1 for _ in groupby(sorted(stack), key=key))
    return runs > len(parts) and min(len(part) for part in parts) >= 3
