"""torso: extend the thorax phantom from neck to stomach, for radiographs."""

from __future__ import annotations

import numpy as np

from elsewhere.phantom.thorax import AIR_HU, MUSCLE_HU, SOFT_HU, Anatomy, Field, Grid, draw

VOXEL_MM = 4.0  # like the detector's blur and the beam's slabs; an eighth of the cost of 2 mm
BELOW_MM, ABOVE_MM = 60.0, 55.0  # margins of the volume below and above the lungs
BONE_HU = 700.0
CORTEX = 1.2  # the thorax's ribs have no cortex; a radiograph needs its attenuation


def grid(anatomy: Anatomy) -> Grid:
    """Return a grid of cubic voxels over the body, from the upper abdomen to the neck."""
    half = anatomy.depth_mm + 6, anatomy.width_mm + 8
    z = np.arange(-BELOW_MM, anatomy.height_mm + ABOVE_MM, VOXEL_MM)
    y, x = (np.arange(-edge, edge + VOXEL_MM, VOXEL_MM) for edge in half)
    y, x = y - y.mean(), x - x.mean()
    return Grid(
        z.astype(np.float32),
        y.astype(np.float32),
        x.astype(np.float32),
        (VOXEL_MM, VOXEL_MM, VOXEL_MM),
    )


def draw_torso(anatomy: Anatomy, grid: Grid, *, inspiration: float) -> tuple[Field, Field]:
    """Draw a healthy patient without a table; return HU and the share of lung, [z, y, x]."""
    thorax = draw(anatomy, grid, inspiration=inspiration, enhancement_hu=0.0)
    hu = AIR_HU + (thorax.hu - AIR_HU) * (thorax.body > 0)
    hu += CORTEX * np.maximum(hu - 100, 0)
    _round_apices(hu, thorax.lung, anatomy, grid)
    _shape_shoulders(hu, anatomy, grid)
    _put_clavicles(hu, anatomy, grid)
    _put_stomach(hu, anatomy, grid, inspiration=inspiration)
    return hu, thorax.lung


def _round_apices(hu: Field, lung: Field, anatomy: Anatomy, grid: Grid) -> None:
    """Replace the flat top of the drawn lungs by domes, in `hu` and `lung`."""
    base, high, wide = 0.72 * anatomy.height_mm, 0.27 * anatomy.height_mm, 0.34 * anatomy.width_mm
    first = int(np.searchsorted(grid.z, base))
    z, x = grid.z[first:, None, None], grid.x[None, None]
    off = np.hypot((np.abs(x) - 0.36 * anatomy.width_mm) / wide, (z - base) / high)
    share = np.clip((off - 1) * 12 + 0.5, 0, 1) * (lung[first:] > 0)
    hu[first:] += np.maximum(SOFT_HU - hu[first:], 0) * share
    lung[first:] *= 1 - share


def _shape_shoulders(hu: Field, anatomy: Anatomy, grid: Grid) -> None:
    """Remove the ribs above the lungs and narrow the body from the shoulders to the neck."""
    apex = anatomy.height_mm
    first = int(np.searchsorted(grid.z, apex - 45))
    z = grid.z[first:, None, None]
    y, x = grid.y[None, :, None], grid.x[None, None]
    rise = np.clip((z - apex + 45) / 90, 0, 1)
    half = anatomy.width_mm * (1 - 0.62 * rise**2)
    deep = anatomy.depth_mm * (1 - 0.35 * rise)
    inside = np.clip((1 - np.hypot(x / half, y / deep)) * deep / VOXEL_MM + 0.5, 0, 1)
    part = hu[first:]
    spine = np.hypot(x, y - 0.62 * anatomy.depth_mm) < 20
    part[...] = np.where((z > apex + 4) & ~spine & (part > MUSCLE_HU), MUSCLE_HU, part)
    part[...] = AIR_HU + (part - AIR_HU) * inside


def _put_clavicles(hu: Field, anatomy: Anatomy, grid: Grid) -> None:
    """Add the clavicles: bars from the sternum up and back to the shoulders."""
    z, y, x = grid.at
    along = np.clip((np.abs(x) - 18) / (0.75 * anatomy.width_mm - 18), 0, 1)
    line_z = anatomy.height_mm * (0.9 + 0.1 * along)
    line_y = anatomy.depth_mm * (-0.72 + 0.5 * along)
    first = int(np.searchsorted(grid.z, 0.86 * anatomy.height_mm))
    distance = np.hypot(z[first:] - line_z, y - line_y)
    reach = np.minimum(0.75 * anatomy.width_mm - np.abs(x), np.abs(x) - 18)
    share = np.clip(np.minimum(6.5 - distance, reach) / VOXEL_MM + 0.5, 0, 1)
    hu[first:] += np.maximum(BONE_HU - hu[first:], 0) * share


def _put_stomach(hu: Field, anatomy: Anatomy, grid: Grid, *, inspiration: float) -> None:
    """Add gastric air below the left half of the diaphragm."""
    z, y, x = grid.at
    top = anatomy.height_mm * (0.37 - 0.26 * inspiration)
    radius = np.sqrt(((x - 68) / 34) ** 2 + ((y + 10) / 34) ** 2 + ((z - top + 34) / 20) ** 2)
    share = np.clip((1 - radius) * 20 / VOXEL_MM + 0.5, 0, 1)
    hu += (AIR_HU - hu) * share
