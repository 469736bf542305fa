"""cohort: draw the patients of a synthetic CT site, and the acquisition of each.

This module makes the shortcut that the synthetic sites show. At each site, patients of one label
are mostly scanned with one acquisition (A-75, A-76), which differs between sites. The disease is
visible too, but the marks of the acquisition are larger and a network learns them first. At a site
where these marks go with no label, or with the other label, they mislead. The parameter
`confounding` is the share of patients whose acquisition follows their label.
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
        1, 2, ... in an order that does not depend on the label.
    category
        Class of the publisher, such as NCP.
    findings
        The label and the lung findings of the category.
    acquisition
        How this patient is scanned.
    follows
        True if the acquisition is that of the patient's own label, or of `Category.scanned_as`.
    seed
        Seed of everything that is drawn for this patient.
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
        """Position of the class, from 0 on; of two classes 1 is COVID-19 positive."""
        return self.findings.label


def draw(row: Phantom) -> tuple[Patient, ...]:
    """Draw the patients of a row; the same row gives the same patients.

    Exactly the share ``confounding`` of the positives, and of the negatives, is scanned with the
    acquisition of their own; the other patients get both acquisitions equally often.
    """
    rng = np.random.default_rng([row.seed, 0])
    members = [(name, item) for name, item in row.categories.items() for _ in range(item.patients)]
    follows = _follows(row, [item.positive for _, item in members], rng)
    order = rng.permutation(len(members))
    patients = []
    for number, at in enumerate(order, start=1):
        name, findings = members[at]
        positive = findings.positive == bool(follows[at])
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


def _follows(row: Phantom, positives: list[bool], rng: np.random.Generator) -> NDArray[np.bool_]:
    follows = np.zeros(len(positives), bool)
    for positive in (False, True):
        members = rng.permutation(np.flatnonzero(np.array(positives) == positive))
        tied = round(row.confounding * len(members))
        follows[members[:tied]] = True
        follows[members[tied::2]] = True
    return follows
