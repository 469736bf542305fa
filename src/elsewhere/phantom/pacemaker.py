"""pacemaker: draw a pacemaker below the left clavicle, with a lead to the right ventricle."""

from __future__ import annotations

import numpy as np

from elsewhere.phantom.thorax import Anatomy, Field, Grid

METAL_HU = 20000.0  # beyond any CT scale: 21 times the attenuation of water
CASE_MM = (4.0, 26.0, 22.0)  # half thickness (y), half height (z), half width (x)
LEAD_MM = 1.3  # radius


def implant(hu: Field, anatomy: Anatomy, grid: Grid) -> None:
    """Add the pacemaker to a drawn patient, in place."""
    case = np.array([0.80 * anatomy.height_mm, -0.86 * anatomy.depth_mm, 0.52 * anatomy.width_mm])
    _put_case(hu, grid, case)
    _put_lead(hu, grid, _course(anatomy, case))


def _put_case(hu: Field, grid: Grid, case: np.ndarray) -> None:
    """Add the generator: a flat box with rounded outline."""
    z, y, x = (axis - np.float32(at) for axis, at in zip(grid.at, case, strict=True))
    deep, high, wide = CASE_MM
    outline = (1 - ((z / high) ** 4 + (x / wide) ** 4) ** 0.25) * wide
    inside = np.minimum(outline, deep - np.abs(y))
    share = np.clip(inside / grid.spacing_mm[0] + 0.5, 0, 1)
    hu += (METAL_HU - hu) * share


def _course(anatomy: Anatomy, case: np.ndarray) -> np.ndarray:
    """Return points (z, y, x) of the lead, one per mm: vein, superior cava, right ventricle."""
    h, d, heart = anatomy.height_mm, anatomy.depth_mm, anatomy.heart
    corners = np.array(
        [
            case + np.array([CASE_MM[1], 0, -10]),
            [0.93 * h, -0.45 * d, 40.0],
            [0.86 * h, -0.2 * d, -26.0],
            [0.50 * h, -0.15 * d, -34.0],
            [0.30 * h, -0.2 * d, -10.0],
            [0.36 * h - 26 * heart, -22 - 20 * heart, 22 + 26 * heart],
        ]
    )
    steps = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    at = np.concatenate([[0], np.cumsum(steps)])
    along = np.arange(0, at[-1], 1.0)
    return np.stack([np.interp(along, at, coordinate) for coordinate in corners.T], axis=1)


def _put_lead(hu: Field, grid: Grid, points: np.ndarray) -> None:
    """Spread each mm of the thin lead over its eight nearest voxels, so that no metal is lost."""
    origin = np.array([grid.z[0], grid.y[0], grid.x[0]])
    spacing = np.array(grid.spacing_mm)
    at = (points - origin) / spacing
    low = np.floor(at).astype(int)
    part = at - low
    metal = (METAL_HU + 1000) * np.pi * LEAD_MM**2 / spacing.prod()
    for corner in np.ndindex(2, 2, 2):
        weight = np.where(corner, part, 1 - part).prod(axis=1)
        where = tuple((low + corner).T)
        np.add.at(hu, where, (metal * weight).astype(np.float32))
