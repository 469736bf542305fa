"""below_chance: says of an AUC below 0.5 in which scans the score is reversed, and what to check.

A model that knows nothing of a site has an AUC of 0.5. One below it orders patients the wrong way
round, which has a cause: classes that are exchanged, images that are flipped, grey values that are
inverted or on another scale, or a feature that means the opposite at this site.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from elsewhere.scores.acquisition import ScansWithFields
from elsewhere.scores.discrimination import auc

CHANCE = 0.5
FEWEST = 3  # patients of each class; an AUC of fewer has no sign to speak of
SEVERAL = 2  # subgroups; one alone says nothing of the others
CLASS_INDEX, ONE_MODEL = "class index", "this model"
SCANS, LITTLE, NO_SIGN = "these scans", "little evidence", "too few subgroups"
ADVICE = {
    CLASS_INDEX: "Every model that never saw the site is below chance here: check the class index "
    "first (are 0 and 1 exchanged in the labels of the site?), then whether its grey values are "
    "inverted or on another scale (histogram), then flips.",
    ONE_MODEL: "The score is reversed in all subgroups and for this model only: a feature that it "
    "learned at home means the opposite here; look at what label and site go with in the audit.",
    SCANS: "The score is reversed in some subgroups only: compare flips and the histogram of grey "
    "values between these scans and the others.",
    LITTLE: "The interval contains chance: this may be chance alone.",
    NO_SIGN: "Fewer than two subgroups have three patients of each class: look at class index, "
    "histogram and flips.",
}


class Sign(NamedTuple):
    """AUC among scans with one value of a field of acquisition."""

    field: str
    value: str
    n_patients: int
    auc: float

    @property
    def words(self) -> str:
        """Field, value and AUC in words."""
        return f"{self.field} {self.value} {self.auc:.2f}"


def signs(scored: ScansWithFields) -> list[Sign]:
    """Return the AUC of each value of each field with at least `FEWEST` patients of each class.

    A field of which all scans have the same value tells nothing and is left out.
    """
    return list(_signs(scored))


def check(
    found: Sequence[Sign], *, area: Mapping[str, Any], others: Sequence[float]
) -> dict[str, Any]:
    """Say what to look at, for a cell whose AUC is below 0.5.

    Parameters
    ----------
    found
        As from `signs`.
    area
        ``auc`` and ``auc_high`` of the cell.
    others
        AUCs at the site of the other models that never saw it.

    Returns
    -------
    dict
        ``below_chance`` ("yes", "may be": the interval contains 0.5, or "no"), ``look_at``, a key
        of `ADVICE`, and ``advice``; None where the AUC is not below 0.5.
    """
    if area["auc"] >= CHANCE:
        return {"below_chance": "no", "look_at": None, "advice": None}
    sure = area["auc_high"] is not None and area["auc_high"] < CHANCE
    which = _which(found, others) if sure else LITTLE
    return {
        "below_chance": "yes" if sure else "may be",
        "look_at": which,
        "advice": ADVICE[which],
    }


def _which(found: Sequence[Sign], others: Sequence[float]) -> str:
    if others and all(other < CHANCE for other in others):
        return CLASS_INDEX
    if len(found) < SEVERAL:
        return NO_SIGN
    return ONE_MODEL if all(sign.auc < CHANCE for sign in found) else SCANS


def _signs(scored: ScansWithFields) -> Iterator[Sign]:
    for field, values in scored.fields.items():
        named = np.array(values)
        several = sorted(set(values))
        for value in several if len(several) > 1 else ():
            of = named == value
            labels, patients = scored.labels[of], scored.patients[of]
            if min(len(np.unique(patients[labels == label])) for label in (0, 1)) >= FEWEST:
                n_patients = len(np.unique(patients))
                yield Sign(field, value, n_patients, auc(labels, scores=scored.scores[of]))
