"""scanner: simulate one CT scan or one axial image of a synthetic patient, in HU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elsewhere.design.phantom_rows import Images, Volumes
from elsewhere.phantom import disease, physics, thorax
from elsewhere.phantom.cohort import Patient

RAISED_HU = 100.0  # a voxel is in a lesion if the disease raises its value by more


@dataclass(frozen=True)
class Exposure:
    """A scan before its export.

    Attributes
    ----------
    hu
        float32 [z, y, x], z from feet to head.
    grid
        Positions of the voxels.
    shot
        Settings of the scan.
    diseased
        Slices with a lesion, bool [z].
    lesion
        Voxels whose value the disease raises, bool [z, y, x]; diffuse disease is in all of the
        lungs.
    """

    hu: thorax.Field
    grid: thorax.Grid
    shot: physics.Shot
    diseased: NDArray[np.bool_]
    lesion: NDArray[np.bool_]


@dataclass(frozen=True)
class _Person:
    """The anatomy of a patient and what is wrong in the lungs, at any resolution."""

    anatomy: thorax.Anatomy
    lesions: tuple[disease.Lesion, ...]
    walls: disease.Walls | None


def volume(patient: Patient, row: Volumes, *, number: int) -> Exposure:
    """Scan the patient for the `number`-th time; only the settings differ between scans."""
    rng = np.random.default_rng([*patient.seed, 1, number])
    shot = physics.draw_shot(patient.acquisition, rng, turn=patient.number + number)
    matrix = row.reduced_matrix if rng.random() < row.reduced else row.matrix
    person = _person(patient)
    grid = thorax.grid(
        person.anatomy,
        field_of_view_mm=shot.field_of_view_mm,
        matrix=matrix,
        distance_mm=shot.reconstruction.thickness_mm * row.spacing_factor,
    )
    return _expose(person, grid, shot, rng)


def image(patient: Patient, row: Images, *, number: int) -> Exposure:
    """Take one axial slice of the patient, rows and columns drawn from ``row.side_px``."""
    rng = np.random.default_rng([*patient.seed, 2, number])
    shot = physics.draw_shot(patient.acquisition, rng, turn=patient.number + number)
    person = _person(patient)
    level = _level(person, rng)
    rows, columns = (int(side) for side in rng.integers(*row.side_px, size=2, endpoint=True))
    pixel = shot.field_of_view_mm / max(rows, columns)
    plane = [
        ((np.arange(side) - (side - 1) / 2) * pixel - shift).astype(np.float32)
        for side, shift in zip((rows, columns), person.anatomy.shift_mm, strict=True)
    ]
    where = np.array([level], np.float32)
    grid = thorax.Grid(where, plane[0], plane[1], (shot.reconstruction.thickness_mm, pixel, pixel))
    return _expose(person, grid, shot, rng)


def _person(patient: Patient) -> _Person:
    rng = np.random.default_rng([*patient.seed, 0])
    anatomy = thorax.draw_anatomy(rng, female=patient.sex == "F")
    lesions = disease.draw_lesions(patient.findings, anatomy, rng)
    return _Person(anatomy, lesions, disease.draw_walls(patient.findings, rng))


def _level(person: _Person, rng: np.random.Generator) -> float:
    """Return the height of a slice: through a lesion if there is one, as in published figures."""
    if person.lesions:
        return person.lesions[rng.integers(len(person.lesions))].centre_mm[0]
    return float(rng.uniform(0.25, 0.65) * person.anatomy.height_mm)


def _expose(
    person: _Person, grid: thorax.Grid, shot: physics.Shot, rng: np.random.Generator
) -> Exposure:
    healthy = thorax.draw(
        person.anatomy, grid, inspiration=shot.inspiration, enhancement_hu=shot.enhancement_hu
    )
    ill = disease.add(healthy, grid, person.lesions)
    if person.walls is not None:
        ill = disease.add_walls(ill, grid, person.walls)
    raised = np.asarray(ill.hu - healthy.hu > RAISED_HU)
    lesion = raised if person.walls is None else raised | (healthy.lung > 0.5)
    diseased = np.asarray(raised.any(axis=(1, 2)))
    return Exposure(physics.expose(ill, grid, shot, rng), grid, shot, diseased, lesion)
