"""findings: add the findings of a radiograph to the volume before it is projected (B-05).

`enlarge` changes the anatomy before the patient is drawn, for an enlarged heart; `add` puts the
other findings into the lungs of a drawn patient. Findings may occur together: fluid lies over a
raised diaphragm.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from elsewhere.design.radiograph_phantom_rows import FindingName
from elsewhere.phantom.thorax import SOFT_HU, Anatomy, Field, Grid, diameters_mm, pleura

LUNG_FINDINGS: tuple[FindingName, ...] = (
    "Edema",
    "Consolidation",
    "Atelectasis",
    "Pleural Effusion",
)
NORMAL_CTR, ENLARGED_CTR = (0.40, 0.47), (0.54, 0.66)  # B-43: normal below 0.5
FLUID_HU = 10.0
PNEUMONIC_HU = 20.0
SIDES = (-1, 1)  # right, left


@dataclass(frozen=True)
class Chest:
    """A drawn patient; the functions of this module change `hu` in place.

    Attributes
    ----------
    hu, lung
        float32 [z, y, x]: HU, and the share of lung in the healthy patient.
    inspiration
        The inspiration with which the patient was drawn.
    """

    hu: Field
    lung: Field
    anatomy: Anatomy
    grid: Grid
    inspiration: float


def enlarge(anatomy: Anatomy, rng: np.random.Generator, *, cardiomegaly: bool) -> Anatomy:
    """Scale the heart to a cardiothoracic ratio, drawn for full inspiration."""
    target = rng.uniform(*(ENLARGED_CTR if cardiomegaly else NORMAL_CTR))
    return replace(anatomy, heart=anatomy.heart * float(target) / ratio(anatomy, inspiration=1.0))


def ratio(anatomy: Anatomy, *, inspiration: float) -> float:
    """Return the cardiothoracic ratio: the heart's horizontal diameter by the thorax's (B-43)."""
    heart, thorax = diameters_mm(anatomy, inspiration=inspiration)
    return heart / thorax


def add(chest: Chest, findings: Collection[FindingName], rng: np.random.Generator) -> None:
    """Add the findings to the lungs.

    Each finding has its own random stream, so a study without one finding is otherwise the same.
    """
    streams = dict(zip(LUNG_FINDINGS, rng.spawn(len(LUNG_FINDINGS)), strict=True))
    sides = _sides(rng)
    if "Edema" in findings:
        _edema(chest, streams["Edema"])
    if "Consolidation" in findings:
        _consolidation(chest, streams["Consolidation"])
    if "Atelectasis" in findings:
        _atelectasis(chest, sides[0], streams["Atelectasis"])
    if "Pleural Effusion" in findings:
        _effusion(chest, sides, streams["Pleural Effusion"])


def _sides(rng: np.random.Generator) -> tuple[int, ...]:
    """Return the sides of effusion, both in a third of the cases; the first has the atelectasis."""
    first = int(rng.choice(SIDES))
    return (first, -first) if rng.random() < 1 / 3 else (first,)


def _fill(chest: Chest, hu: float, share: Field) -> None:
    """Fill a share of the lung in each voxel; denser voxels stay."""
    denser = np.maximum(np.float32(hu) - chest.hu, 0)
    chest.hu[...] += denser * share * chest.lung


def _edema(chest: Chest, rng: np.random.Generator) -> None:
    """Add a patchy low-contrast haze around both hila, and a little in all of the lungs."""
    z, y, x = chest.grid.at
    height = chest.anatomy.height_mm
    reach = np.float32(rng.uniform(55, 75))
    away = ((np.abs(x) - 45) / reach) ** 2 + ((z - 0.5 * height) / (1.2 * reach)) ** 2
    patchy = 1 + 0.35 * np.sin(0.13 * x + rng.uniform(0, 6)) * np.cos(0.11 * z + rng.uniform(0, 6))
    haze = rng.uniform(220, 360) * (np.exp(-away - (y / 95) ** 2) * patchy + 0.12)
    chest.hu[...] += haze * chest.lung


def _consolidation(chest: Chest, rng: np.random.Generator) -> None:
    """Add a dense patch in one lobe, sharply limited by the fissure."""
    z, y, x = chest.grid.at
    anatomy, side = chest.anatomy, int(rng.choice(SIDES))
    upper = rng.random() < 0.5
    fissure = anatomy.height_mm * 0.5 - 0.35 * y
    level = anatomy.height_mm * (rng.uniform(0.58, 0.72) if upper else rng.uniform(0.28, 0.42))
    radius = rng.uniform(38, 55)
    off_x = (x - side * anatomy.width_mm * rng.uniform(0.48, 0.58)) / radius
    off_y = (y - rng.uniform(-30, 40)) / (1.2 * radius)
    uneven = 0.1 * np.sin(0.21 * x + 0.13 * z) * np.cos(0.17 * y)
    patch = (1.05 - np.sqrt(off_x**2 + off_y**2 + ((z - level) / radius) ** 2) + uneven) * 3.0
    beyond = (z - fissure if upper else fissure - z) / chest.grid.spacing_mm[0] + 0.5
    share = np.clip(np.minimum(patch, beyond), 0, 1)
    _fill(chest, PNEUMONIC_HU, 0.85 * share * (x * side > 0))


def _atelectasis(chest: Chest, side: int, rng: np.random.Generator) -> None:
    """Add a dense band above a diaphragm that is raised by the loss of volume."""
    part = _half(chest, side)
    z, y, x = part.grid.at
    _, above = pleura(part.anatomy, part.grid.at, side=side, inspiration=part.inspiration)
    rise = rng.uniform(18, 34)
    voxel = part.grid.spacing_mm[0]
    _fill(part, SOFT_HU, np.clip((rise - above) / voxel + 0.5, 0, 1))
    aside = np.abs(x) - rng.uniform(0.42, 0.52) * part.anatomy.width_mm
    height = part.anatomy.height_mm * 0.2 + rise + rng.uniform(4, 20)
    thin = 1 - (aside / rng.uniform(38, 58)) ** 2 - (y / 80) ** 2
    thick = rng.uniform(11, 17) * np.maximum(thin, -1)
    middle = height + rng.uniform(-0.3, 0.3) * aside + 0.002 * aside**2
    _fill(part, SOFT_HU, np.clip((thick / 2 - np.abs(z - middle)) / voxel + 0.5, 0, 1))


def _effusion(chest: Chest, sides: tuple[int, ...], rng: np.random.Generator) -> None:
    """Add fluid at the base of the lungs with a meniscus: it is higher along the chest wall."""
    for side in sides:
        part = _half(chest, side)
        wall, _ = pleura(part.anatomy, part.grid.at, side=side, inspiration=part.inspiration)
        level = rng.uniform(0.13, 0.30) * part.anatomy.height_mm
        surface = level + 38 * np.exp(-np.maximum(wall, 0) / 14)
        share = (surface - part.grid.at[0]) / part.grid.spacing_mm[0] + 0.5
        _fill(part, FLUID_HU, np.clip(share, 0, 1))


def _half(chest: Chest, side: int) -> Chest:
    """Return a view of one side of the chest; changes of it change the chest."""
    middle = int(np.searchsorted(chest.grid.x, 0.0))
    columns = slice(middle, None) if side > 0 else slice(None, middle)
    grid = replace(chest.grid, x=chest.grid.x[columns])
    return replace(chest, hu=chest.hu[..., columns], lung=chest.lung[..., columns], grid=grid)
