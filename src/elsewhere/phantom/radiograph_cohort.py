"""radiograph_cohort: the patients of a synthetic site of radiographs, their studies and findings.

Two hidden causes tie the findings together as heart and lungs do: failure (a large heart, edema,
fluid) and collapse (atelectasis, fluid, consolidation). Each finding still has exactly the
prevalence of its row. A heart stays large; what is in the lungs changes from study to study.
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
}  # on failure and collapse; their product is the correlation of two findings
AGE_YEARS = (18, 90)


@dataclass(frozen=True)
class Study:
    """One visit: what is there, and how it is taken.

    Attributes
    ----------
    number
        1, 2, ... within the patient.
    findings
        What the patient has, whatever a report will say.
    portable
        Taken at the bedside, AP.
    """

    number: int
    findings: frozenset[FindingName]
    portable: bool


@dataclass(frozen=True)
class Patient:
    """One patient of a synthetic site; `seed` seeds all that is drawn later."""

    number: int
    sex: str
    age: int
    pacemaker: bool
    studies: tuple[Study, ...]
    seed: tuple[int, int]


def draw(row: Radiographs, findings: Mapping[FindingName, Listed]) -> tuple[Patient, ...]:
    """Draw the patients of a row, the same for the same row."""
    return tuple(_patient(row, findings, number) for number in range(1, row.patients + 1))


def _patient(row: Radiographs, findings: Mapping[FindingName, Listed], number: int) -> Patient:
    rng = np.random.default_rng([row.seed, number, 0])
    causes = rng.standard_normal(2)
    heart = rng.standard_normal()
    count = int(rng.integers(*row.studies_per_patient, endpoint=True))
    found = [_found(findings, causes, heart, rng) for _ in range(count)]
    enlarged = "Cardiomegaly" in found[0]
    return Patient(
        number=number,
        sex="F" if rng.random() < row.female else "M",
        age=int(np.clip(rng.normal(row.age_mean, row.age_sd), *AGE_YEARS)),
        pacemaker=_has_pacemaker(row.pacemaker, rng, enlarged=enlarged),
        studies=tuple(
            Study(at, one, bool(rng.random() < row.radiography.portable))
            for at, one in enumerate(found, start=1)
        ),
        seed=(row.seed, number),
    )


def _found(
    findings: Mapping[FindingName, Listed],
    causes: np.ndarray,
    heart: float,
    rng: np.random.Generator,
) -> frozenset[FindingName]:
    """Findings of one study: each where its standard normal exceeds that of its prevalence."""
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
