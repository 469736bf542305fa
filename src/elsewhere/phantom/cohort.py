"""cohort: the patients of a synthetic site, and which of them are scanned in which way.

Here lies the cause of the phenomenon that the synthetic sites show: patients of one label are
mostly scanned in one way (A-75, A-76), in each site in another way. The disease is visible too,
but what marks the way of scanning is larger and learned first; at a site where that mark goes
with no label, or with the other one, it misleads. The share is the parameter `confounding`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elsewhere.design.phantom_rows import Acquisition, Category, Phantom

AGE_MEAN, AGE_SD = 54.0, 15.0


@dataclass(frozen=True)
class Patient:
    """One patient of a synthetic site.

    Attributes
    ----------
    number
        1, 2, ... in an order that tells nothing of the label.
    category
        Class of the publisher, such as NCP.
    findings
        What its row says of the lungs and the label.
    acquisition
        How this patient is scanned.
    follows
        True if that is the acquisition of the patient's own label.
    seed
        Seeds all that is drawn for this patient.
    """

    number: int
    category: str
    findings: Category
    acquisition: Acquisition
    follows: bool
    sex: str
    age: int
    seed: tuple[int, int]

    @property
    def label(self) -> int:
        """1: COVID-19 positive."""
        return self.findings.label


def draw(row: Phantom) -> tuple[Patient, ...]:
    """Draw the patients of a row, the same for the same row.

    Exactly the share ``confounding`` of the patients of each label is scanned with the
    acquisition of their label; the remaining ones get both acquisitions equally often.
    """
    rng = np.random.default_rng([row.seed, 0])
    named = [(name, item) for name, item in row.categories.items() for _ in range(item.patients)]
    follows = _follows(row, [item.label for _, item in named], rng)
    order = rng.permutation(len(named))
    patients = []
    for number, at in enumerate(order, start=1):
        name, findings = named[at]
        positive = bool(findings.label) == bool(follows[at])
        patients.append(
            Patient(
                number=number,
                category=name,
                findings=findings,
                acquisition=row.acquisition_positive if positive else row.acquisition_negative,
                follows=bool(follows[at]),
                sex="F" if rng.random() < 0.5 else "M",
                age=int(np.clip(rng.normal(AGE_MEAN, AGE_SD), *row.age_years)),
                seed=(row.seed, number),
            )
        )
    return tuple(patients)


def _follows(row: Phantom, labels: list[int], rng: np.random.Generator) -> NDArray[np.bool_]:
    follows = np.zeros(len(labels), bool)
    for label in (0, 1):
        members = rng.permutation(np.flatnonzero(np.array(labels) == label))
        tied = round(row.confounding * len(members))
        follows[members[:tied]] = True
        follows[members[tied::2]] = True
    return follows
