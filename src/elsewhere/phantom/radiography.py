"""radiography: simulate the 8-bit radiographs of one study of a synthetic patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elsewhere.design.radiograph_phantom_rows import Radiography
from elsewhere.phantom import film, findings, pacemaker, projection, torso
from elsewhere.phantom.radiograph_cohort import Patient, Study
from elsewhere.phantom.thorax import Anatomy, draw_anatomy

UPRIGHT, BEDSIDE = (0.85, 1.0), (0.55, 0.85)  # inspiration; at the bedside it is less deep


@dataclass(frozen=True)
class Radiograph:
    """One radiograph.

    Attributes
    ----------
    grey
        uint8 [row, column].
    view
        PA, AP or LATERAL.
    pixel_mm
        Pixel size at the detector.
    ctr
        True cardiothoracic ratio at this inspiration, before magnification.
    """

    grey: NDArray[np.uint8]
    view: projection.View
    pixel_mm: float
    ctr: float


def take(
    patient: Patient, study: Study, row: Radiography, *, lateral: bool = False
) -> list[Radiograph]:
    """Simulate the views of a study: AP if portable, else PA, and a lateral one with `lateral`."""
    rng = np.random.default_rng([*patient.seed, 1, study.number])
    anatomy = _anatomy(patient, enlarged="Cardiomegaly" in study.findings)
    inspiration = float(rng.uniform(*(BEDSIDE if study.portable else UPRIGHT)))
    grid = torso.grid(anatomy)
    hu, lung = torso.draw_torso(anatomy, grid, inspiration=inspiration)
    chest = findings.Chest(hu, lung, anatomy, grid, inspiration)
    findings.add(chest, study.findings, rng.spawn(1)[0])
    if patient.pacemaker:
        pacemaker.implant(hu, anatomy, grid)
    mu = projection.attenuation(hu)
    ratio = findings.ratio(anatomy, inspiration=inspiration)
    views: list[projection.View] = ["AP" if study.portable else "PA"]
    if lateral and not study.portable:
        views.append("LATERAL")
    radiographs = []
    for view, stream in zip(views, rng.spawn(len(views)), strict=True):
        detector = _detector(row, anatomy, view, stream)
        integral = projection.project(mu, grid, view, detector)
        radiographs.append(
            Radiograph(_image(integral, row, detector, stream), view, detector.pixel_mm, ratio)
        )
    return radiographs


def _anatomy(patient: Patient, *, enlarged: bool) -> Anatomy:
    rng = np.random.default_rng([*patient.seed, 2])
    anatomy = draw_anatomy(rng, female=patient.sex == "F")
    return findings.enlarge(anatomy, rng, cardiomegaly=enlarged)


def _detector(
    row: Radiography, anatomy: Anatomy, view: projection.View, rng: np.random.Generator
) -> projection.Detector:
    """Draw a detector that is centred roughly on the middle of the lungs."""
    rows = int(rng.integers(*row.rows_px, endpoint=True))
    columns = int(rng.integers(*row.columns_px, endpoint=True))
    pixel = float(rng.uniform(*row.field_of_view_mm)) / max(rows, columns)
    up, aside = rng.normal(0, 7, size=2)
    return projection.Detector(rows, columns, pixel, (0.5 * anatomy.height_mm + up, float(aside)))


def _image(
    integral: np.ndarray, row: Radiography, detector: projection.Detector, rng: np.random.Generator
) -> NDArray[np.uint8]:
    shot = film.draw_shot(row, rng)
    signal = film.expose(integral, shot, rng, pixel_mm=detector.pixel_mm)
    grey = film.develop(signal, shot, equalised=row.equalised)
    film.burn_in(grey, row.marker)
    return grey
