"""projection: compute the line integrals of X-ray attenuation through a volume on a detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.ndimage import affine_transform

from elsewhere.phantom.thorax import Field, Grid

View = Literal["PA", "AP", "LATERAL"]
MU_WATER_PER_MM = 0.0193  # water at 70 keV, the mean energy of a beam of about 120 kV
SLABS = 8  # each has one magnification, which varies by less than 3 % within a slab
GAP_MM = 20.0  # between skin and detector
SOURCE_MM: dict[View, float] = {"PA": 1830.0, "AP": 1000.0, "LATERAL": 1830.0}


@dataclass(frozen=True)
class Detector:
    """Rows, columns and pixel size of a detector; (z, x or y) at its centre."""

    rows: int
    columns: int
    pixel_mm: float
    centre_mm: tuple[float, float]


def attenuation(hu: Field) -> Field:
    """Return the linear attenuation coefficient per mm, by the definition of HU."""
    mu: Field = np.maximum(hu * np.float32(1e-3) + 1, 0) * np.float32(MU_WATER_PER_MM)
    return mu


def project(
    mu: Field, grid: Grid, view: View, detector: Detector, *, source_mm: float | None = None
) -> Field:
    """Integrate attenuation along the beam.

    Parameters
    ----------
    mu
        Attenuation per mm, [z, y, x].
    grid
        Where the voxels lie.
    view
        PA: detector at the front; AP: at the back, so that the heart, which lies at the front,
        is magnified; LATERAL: at the left, the back of the patient to the right.
    detector
        Size and position of the detector.
    source_mm
        Distance from source to detector (SDD); None: usual for the view; ``inf``: parallel rays.

    Returns
    -------
    Field
        float32 [row, column], row 0 at the head, the patient's left to the right.

    Notes
    -----
    Each slab across the beam is magnified by SDD / (SDD - distance to the detector). The
    slant of the rays is neglected: it lengthens a path by 1 % at the edge of the field.
    """
    axis = 2 if view == "LATERAL" else 1
    distance = _from_detector(grid, view)
    source = SOURCE_MM[view] if source_mm is None else source_mm
    total = np.zeros((detector.rows, detector.columns), np.float32)
    for planes in np.array_split(np.arange(mu.shape[axis]), SLABS):
        planes_of_slab = slice(planes[0], planes[-1] + 1)
        slab = mu[:, planes_of_slab] if axis == 1 else mu[:, :, planes_of_slab]
        zoom = 1 / (1 - float(distance[planes].mean()) / source)
        total += _on_detector(slab.sum(axis=axis), grid, view, detector, zoom=zoom)
    return total * np.float32(grid.spacing_mm[axis])


def _from_detector(grid: Grid, view: View) -> Field:
    """Return the distance of each plane from the detector, mm."""
    if view == "PA":
        distance: Field = grid.y - grid.y[0]
    else:
        along = grid.x if view == "LATERAL" else grid.y
        distance = along[-1] - along
    return distance + np.float32(GAP_MM)


def _on_detector(slab: Field, grid: Grid, view: View, detector: Detector, *, zoom: float) -> Field:
    """Sample a slab's projection, [z, across], at the detector's pixels."""
    across = grid.y if view == "LATERAL" else grid.x
    step = grid.spacing_mm[0], grid.spacing_mm[1 if view == "LATERAL" else 2]
    pixel = detector.pixel_mm / zoom
    top = detector.centre_mm[0] + (detector.rows - 1) / 2 * pixel
    left = detector.centre_mm[1] - (detector.columns - 1) / 2 * pixel
    # Above and below, the body continues by its border values; the borders at the sides are air.
    sampled: Field = affine_transform(
        slab[::-1],
        [pixel / step[0], pixel / step[1]],
        offset=[(float(grid.z[-1]) - top) / step[0], (left - float(across[0])) / step[1]],
        output_shape=(detector.rows, detector.columns),
        order=1,
        mode="nearest",
    )
    return sampled
