"""spacing: find the slice distance of sorted slices, and the repairs that make it regular."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elsewhere.design.site import IntakeRow
from elsewhere.imaging.volume import Unusable

Heights = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Repair:
    """A repair that puts voxels on a regular lattice.

    Attributes
    ----------
    code
        sheared, interpolated or resampled.
    planes
        For each slice of the result its fractional index among the slices before.
    shifts
        For each slice the rows and columns by which its content is shifted.
    """

    code: str
    planes: tuple[float, ...] = ()
    shifts: tuple[tuple[float, float], ...] = ()


def regular(heights: Heights, policy: IntakeRow) -> tuple[float, tuple[Repair, ...]]:
    """Return the slice distance in mm and the repairs along the normal.

    Parameters
    ----------
    heights
        Positions of at least two slices along the normal, ascending, mm.

    Raises
    ------
    Unusable
        `gap` if slices are missing, `uneven_spacing` if the distances differ.
    """
    repairs: tuple[Repair, ...] = ()
    places = _filled(heights, policy)
    if len(places) > len(heights):
        repairs = (Repair("interpolated", planes=_planes(places, heights)),)
    if _even(places, policy):
        return float((places[-1] - places[0]) / (len(places) - 1)), repairs
    steps = np.diff(places)
    median = float(np.median(steps))
    mild = steps.max() <= policy.gap_ratio * median and steps.min() >= median / policy.gap_ratio
    if policy.policy == "strict" or not mild:
        raise Unusable("uneven_spacing", f"steps from {steps.min():.2f} to {steps.max():.2f} mm")
    count = int((places[-1] - places[0]) / median + 1e-6) + 1
    lattice = places[0] + median * np.arange(count)
    return median, (*repairs, Repair("resampled", planes=_planes(lattice, places)))


def _filled(heights: Heights, policy: IntakeRow) -> Heights:
    """Return the heights, with those of missing slices inserted where that is allowed."""
    steps = np.diff(heights)
    median = float(np.median(steps))
    wide = (steps > policy.gap_ratio * median) & (steps > median + policy.spacing_tolerance_mm)
    if not wide.any():
        return heights
    missing = np.where(wide, np.rint(steps / median).astype(int) - 1, 0)
    misfit = np.abs(steps - (missing + 1) * median)[wide].max()
    fillable = missing[wide].min() >= 1 and missing.max() <= policy.fill_slices
    if policy.policy == "strict" or not fillable or misfit > _tolerance(median, policy):
        raise Unusable(
            "gap", f"{wide.sum()} steps up to {steps.max():.2f} mm among steps of {median:.2f} mm"
        )
    parts = [
        height + step * np.arange(count + 1) / (count + 1)
        for height, step, count in zip(heights[:-1], steps, missing, strict=True)
    ]
    filled: Heights = np.concatenate([*parts, heights[-1:]])
    return filled


def _even(places: Heights, policy: IntakeRow) -> bool:
    """Return whether steps and their sums deviate by no more than the rounding in headers."""
    steps = np.diff(places)
    allowed = _tolerance(float(np.median(steps)), policy)
    lattice = np.linspace(places[0], places[-1], len(places))
    return bool(np.ptp(steps) <= allowed and np.abs(places - lattice).max() <= allowed)


def _tolerance(median: float, policy: IntakeRow) -> float:
    return policy.spacing_tolerance_mm + policy.spacing_tolerance * median


def _planes(wanted: Heights, heights: Heights) -> tuple[float, ...]:
    return tuple(np.interp(wanted, heights, np.arange(len(heights))).tolist())
