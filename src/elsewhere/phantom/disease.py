"""disease: draw lesions of COVID-19 and other diseases into the lungs of a CT phantom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from elsewhere.design.phantom_rows import Category, Finding
from elsewhere.phantom.thorax import Anatomy, Field, Grid, Thorax, depth_mm, wave_field

Kind = Literal["ground_glass", "consolidation", "nodule"]
MID_INSPIRATION = 0.5


@dataclass(frozen=True)
class Lesion:
    """One rounded lesion; its centre is (z, y, x) in patient coordinates, mm."""

    kind: Kind
    centre_mm: tuple[float, float, float]
    radius_mm: float
    hu: float


@dataclass(frozen=True)
class Walls:
    """A net of walls where a smooth random field is 0, and haze between them."""

    spacing_mm: float
    thickness_mm: float
    hu: float
    haze_hu: float
    seed: int


def draw_walls(category: Category, rng: np.random.Generator) -> Walls | None:
    """Draw the interstitial disease of a patient of this category; None if it has none."""
    row = category.interstitial
    if row is None:
        return None
    return Walls(
        spacing_mm=float(rng.uniform(*row.spacing_mm)),
        thickness_mm=float(rng.uniform(*row.thickness_mm)),
        hu=float(rng.uniform(*row.hu)),
        haze_hu=float(rng.uniform(*row.haze_hu)),
        seed=int(rng.integers(2**31)),
    )


def draw_lesions(
    category: Category, anatomy: Anatomy, rng: np.random.Generator
) -> tuple[Lesion, ...]:
    """Draw the lesions of a patient of this category.

    Ground glass lies in both lungs, near the pleura, low and posterior; consolidation in one lung,
    at any depth; nodules anywhere.
    """
    inside = _points(anatomy, rng)
    lesions: list[Lesion] = []
    if category.ground_glass:
        count = _count(category.ground_glass, rng)
        for number in range(count):
            side = inside[np.sign(inside[:, 2]) == (1 if number % 2 else -1)]
            where = _subpleural(side, anatomy)
            lesions.append(_lesion("ground_glass", category.ground_glass, where, rng))
    if category.consolidation:
        one_side = inside[np.sign(inside[:, 2]) == rng.choice([-1, 1])]
        deep = one_side[one_side[:, 3] > 8]
        for _ in range(_count(category.consolidation, rng)):
            lesions.append(_lesion("consolidation", category.consolidation, deep, rng))
    if category.nodules:
        for _ in range(_count(category.nodules, rng)):
            lesions.append(_lesion("nodule", category.nodules, inside, rng))
    return tuple(lesions)


def _points(anatomy: Anatomy, rng: np.random.Generator) -> Field:
    """Return random points in the lungs: z, y, x and depth below the surface, mm."""
    z = rng.uniform(0, anatomy.height_mm, 6000).astype(np.float32)
    y = rng.uniform(-1, 1, 6000).astype(np.float32) * np.float32(anatomy.depth_mm)
    x = rng.uniform(-1, 1, 6000).astype(np.float32) * np.float32(anatomy.width_mm)
    depth = depth_mm(anatomy, (z, y, x), inspiration=MID_INSPIRATION)
    points = np.stack([z, y, x, depth], axis=1)
    inside: Field = points[depth > 3]
    return inside


def _subpleural(points: Field, anatomy: Anatomy) -> Field:
    z, y, x, depth = points.T
    lateral = np.hypot(y / anatomy.depth_mm, x / anatomy.width_mm) > 0.55
    low = z < 0.6 * anatomy.height_mm
    back = y > -0.15 * anatomy.depth_mm
    subpleural: Field = points[(depth < 16) & lateral & low & back]
    return subpleural


def _count(finding: Finding, rng: np.random.Generator) -> int:
    return int(rng.integers(finding.count[0], finding.count[1] + 1))


def _lesion(kind: Kind, finding: Finding, where: Field, rng: np.random.Generator) -> Lesion:
    z, y, x, _ = where[rng.integers(len(where))]
    radius, hu = rng.uniform(*finding.radius_mm), rng.uniform(*finding.hu)
    return Lesion(kind, (float(z), float(y), float(x)), float(radius), float(hu))


def add(thorax: Thorax, grid: Grid, lesions: tuple[Lesion, ...]) -> Thorax:
    """Add lesions to the lungs; voxels that are denser than a lesion, as vessels, stay."""
    hu = thorax.hu.copy()
    for lesion in lesions:
        box = tuple(
            slice(
                *np.searchsorted(axis, [at - 1.3 * lesion.radius_mm, at + 1.3 * lesion.radius_mm])
            )
            for axis, at in zip((grid.z, grid.y, grid.x), lesion.centre_mm, strict=True)
        )
        share = _profile(lesion, grid, box) * thorax.lung[box]
        hu[box] += np.maximum(np.float32(lesion.hu) - hu[box], 0) * share
    return Thorax(hu, thorax.lung, thorax.body)


def add_walls(thorax: Thorax, grid: Grid, walls: Walls) -> Thorax:
    """Add interstitial disease to the lungs; voxels that are denser than a wall stay."""
    rng = np.random.default_rng(walls.seed)
    # a wave has two zeros a period
    field = wave_field(grid, rng, wave_mm=2 * walls.spacing_mm)
    distance = np.abs(field) * np.float32(walls.spacing_mm / np.pi)
    voxel = np.float32(grid.spacing_mm[1])
    thin = min(1.0, walls.thickness_mm / float(voxel))  # part of a voxel that a wall fills
    share = np.clip((walls.thickness_mm / 2 - distance) / voxel + 0.5, 0, 1) * np.float32(thin)
    hazy = np.where(thorax.hu < walls.hu, thorax.hu + np.float32(walls.haze_hu), thorax.hu)
    hazy = thorax.hu + (hazy - thorax.hu) * thorax.lung
    hu = hazy + np.maximum(np.float32(walls.hu) - hazy, 0) * share * thorax.lung
    return Thorax(hu.astype(np.float32), thorax.lung, thorax.body)


def _profile(lesion: Lesion, grid: Grid, box: tuple[slice, ...]) -> Field:
    """Return the lesion's share of each voxel in the box: 1 inside, soft and uneven edges."""
    z = grid.z[box[0], None, None] - np.float32(lesion.centre_mm[0])
    y = grid.y[None, box[1], None] - np.float32(lesion.centre_mm[1])
    x = grid.x[None, None, box[2]] - np.float32(lesion.centre_mm[2])
    distance = np.sqrt(z * z + y * y + x * x) / np.float32(lesion.radius_mm)
    uneven = 0.12 * np.sin(0.31 * x + 0.17 * z) * np.cos(0.27 * y - 0.13 * z)
    steep = 1.8 if lesion.kind == "ground_glass" else 4.0
    share: Field = np.clip((1.1 - distance + uneven) * np.float32(steep), 0, 1)
    return share.astype(np.float32)
