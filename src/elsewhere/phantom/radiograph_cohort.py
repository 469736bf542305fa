"""radiograph_cohort: draw the patients of a synthetic radiograph site, their studies and findings.

Two latent causes correlate the findings: failure (large heart, edema, fluid) and collapse
(atelectasis, fluid, consolidation). Each finding still has exactly the prevalence of its row. An
enlarged heart stays enlarged; the lung findings change from study to study.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from elsewhere.design.radiograph_phantom_rows import (
    FINDINGS,
    FindingName,
    Listed,
    Pacemaker,
    Radiographs,
)

LOADINGS: Mapping[FindingName, tuple[float, float]] = {
    "Cardiomegaly": (0.70, 0.0),
    "Edema": (0.65, 0.0),
    "Consolidation": (0.0, 0.40),
    "Atelectasis": (0.0, 0.65),
    "Pleural Effusion": (0.45, 0.55),
}  # loadings on failure and collapse; their scalar product is the correlation of two findings
AGE_YEARS = (18, 90)


@dataclass(frozen=True)
class Study:
    """One visit of a patient: the findings and the way of imaging.

    Attributes
    ----------
    number
        1, 2, ... within the patient.
    findings
        The true findings, which a report may miss.
    portable
        True if the radiograph is taken at the bedside, AP.
    """

    number: int
    findings: frozenset[FindingName]
    portable: bool


@dataclass(frozen=True)
class Patient:
    """One patient of a synthetic site; `seed` is the seed of all later draws."""

    number: int
    sex: str
    age: int
    pacemaker: bool
    studies: tuple[Study, ...]
    seed: tuple[int, int]


def draw(row: Radiographs, findings: Mapping[FindingName, Listed]) -> tuple[Patient, ...]:
    """Draw the patients of a row; the same row gives the same patients."""
    return tuple(_patient(row, findings, number) for number in range(1, row.patients + 1))


def _patient(row: Radiographs, findings: Mapping[FindingName, Listed], number: int) -> Patient:
    rng = np.random.default_rng([row.seed, number, 0])
    causes = rng.standard_normal(2)
    heart = rng.standard_normal()
    count = int(rng.integers(*row.studies_per_patient, endpoint=True))
    present = [_draw_findings(findings, causes, heart, rng) for _ in range(count)]
    enlarged = "Cardiomegaly" in present[0]
    return Patient(
        number=number,
        sex="F" if rng.random() < row.female else "M",
        age=int(np.clip(rng.normal(row.age_mean, row.age_sd), *AGE_YEARS)),
        pacemaker=_has_pacemaker(row.pacemaker, rng, enlarged=enlarged),
        studies=tuple(
            Study(number_of_study, names, bool(rng.random() < row.radiography.portable))
            for number_of_study, names in enumerate(present, start=1)
        ),
        seed=(row.seed, number),
    )


def _draw_findings(
    findings: Mapping[FindingName, Listed],
    causes: np.ndarray,
    heart: float,
    rng: np.random.Generator,
) -> frozenset[FindingName]:
    """Draw the findings of a study: present where a latent normal exceeds its threshold."""
    own = dict(zip(FINDINGS, rng.standard_normal(len(FINDINGS)), strict=True))
    own["Cardiomegaly"] = heart
    present = []
    for name in FINDINGS:
        loading = np.array(LOADINGS[name])
        value = loading @ causes + np.sqrt(1 - loading @ loading) * own[name]
        if value > _threshold(findings[name].prevalence):
            present.append(name)
    return frozenset(present)


def _threshold(prevalence: float) -> float:
    if prevalence in (0, 1):
        return float("-inf") if prevalence else float("inf")
    return NormalDist().inv_cdf(1 - prevalence)


def _has_pacemaker(row: Pacemaker, rng: np.random.Generator, *, enlarged: bool) -> bool:
    return bool(rng.random() < (row.with_cardiomegaly if enlarged else row.without))
