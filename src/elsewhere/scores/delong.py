"""delong: the variance of AUCs of scans that belong to patients, and of their differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Floats, Ints, auc, midranks

_NO_VARIANCE = 1e-24  # variances below this are rounding
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Delong:
    """AUCs of k models on the same scans, and what their variance is made of.

    Attributes
    ----------
    auc
        [k].
    sums
        Centred components of the positive and of the negative scans, summed over the scans of each
        patient [2, k, patients].
    alone
        Variances as if the scans of a patient were independent, of positive and of negative scans
        [2, k, k].
    n_patients
        Patients with a positive scan, and with a negative one.
    n_out_of_order
        Those of them with a scan that the first model does not rank as it ranks most: of an AUC
        above 0.5, that it does not rank above, or below, all scans of the other class.
    """

    auc: Floats
    sums: Floats
    alone: Floats
    n_patients: tuple[int, int]
    n_out_of_order: tuple[int, int]

    @property
    def covariance(self) -> Floats | None:
        """Covariance of the AUCs, clustered by patient [k, k]; None if a class has one patient."""
        if min(self.n_patients) < 2:
            return None
        positive, negative = (_products(side) for side in self.sums)
        cross: Floats = np.einsum("ki,li->kl", *self.sums)
        m, n = self.n_patients
        within: Floats = m / (m - 1) * positive + n / (n - 1) * negative
        return within + self._corrected(cross + cross.T)

    def spread(self, weights: Floats) -> Spread | None:
        """Return variance and degrees of freedom of a weighted sum of the AUCs.

        Within each class the variance is at least that of independent scans: a negative
        correlation of few patients' scans is no evidence that they tell more than others.

        Parameters
        ----------
        weights
            [k].

        Returns
        -------
        Spread or None
            None if a class has one patient, or there is no variance. The degrees of
            freedom are Satterthwaite's, of as many patients as each class has.
        """
        if min(self.n_patients) < 2:
            return None
        of = np.einsum("k,ski->si", weights, self.sums)
        sides = [
            max(n / (n - 1) * float((side**2).sum()), float(weights @ alone @ weights))
            for side, alone, n in zip(of, self.alone, self.n_patients, strict=True)
        ]
        variance = sum(sides) + float(self._corrected(2 * np.einsum("i,i->", *of)))
        if variance <= _NO_VARIANCE:
            return None
        squares = zip(sides, self.n_patients, strict=True)
        return Spread(variance, sum(sides) ** 2 / sum(v * v / (n - 1) for v, n in squares))

    @property
    def of_patients(self) -> Floats:
        """What each patient adds to the deviation of the first AUC [patients]."""
        of_first: Floats = self.sums[:, 0].sum(axis=0)
        return of_first

    def _corrected(self, cross: Floats) -> Floats:
        """Correct sums of products over all patients for their means."""
        n_all = self.sums.shape[2]
        corrected: Floats = n_all / (n_all - 1) * cross
        return corrected


class Spread(NamedTuple):
    """A variance, and the degrees of freedom of its estimate."""

    variance: float
    df: float


def delong(labels: Ints, *, scores: Floats, patients: Ints) -> Delong:
    """Return AUCs and their structural components summed over each patient.

    DeLong et al. 1988 with the midranks of Sun & Xu 2014; several scans of one patient are one
    cluster (Obuchowski 1997). With one scan per patient this is the plain DeLong covariance.

    Parameters
    ----------
    labels
        0 or 1, shape [n].
    scores
        Probability of class 1, shape [k, n]: one row per model.
    patients
        Patient number, shape [n].

    Raises
    ------
    ValueError
        If one class is missing.
    """
    areas = np.array([auc(labels, scores=row) for row in scores])
    _, cluster = np.unique(patients, return_inverse=True)
    of = [cluster[labels == label] for label in (1, 0)]
    above, below = (_components(labels == label, scores) for label in (1, 0))
    components = [above, 1 - below]
    top = 1.0 if areas[0] >= 0.5 else 0.0
    astray = [np.abs(each[0] - top) > _ROUNDING for each in components]
    centred = [(each - each.mean(axis=1, keepdims=True)) / each.shape[1] for each in components]
    n_all = int(cluster.max()) + 1
    return Delong(
        areas,
        np.stack([_by_patient(*pair, n_all) for pair in zip(centred, of, strict=True)]),
        np.stack([_alone(each) for each in centred]),
        _different(of),
        _different([who[off] for who, off in zip(of, astray, strict=True)]),
    )


def _components(side: NDArray[np.bool_], scores: Floats) -> Floats:
    """Return the share of the other class's scans that are below each scan of a class [k, side]."""
    others = len(side) - int(side.sum())
    ranks = np.stack([midranks(row)[side] - midranks(row[side]) for row in scores])
    return ranks / others


def _different(two: Sequence[Ints]) -> tuple[int, int]:
    """Return how many patients there are of either class."""
    return len(np.unique(two[0])), len(np.unique(two[1]))


def _alone(centred: Floats) -> Floats:
    n = centred.shape[1]
    products: Floats = n / max(1, n - 1) * _products(centred)
    return products


def _by_patient(values: Floats, cluster: Ints, n_patients: int) -> Floats:
    """Sum values of scans [k, n] over each patient [k, patients]."""
    return np.stack([np.bincount(cluster, row, n_patients) for row in values])


def _products(values: Floats) -> Floats:
    """Sum products over the last axis [k, k]; unlike BLAS the same for any number of threads."""
    summed: Floats = np.einsum("ki,li->kl", values, values)
    return summed


def standard_error(estimate: Delong) -> float | None:
    """Return DeLong's standard error of the first AUC, or None where it has no variance."""
    spread = estimate.spread(np.eye(len(estimate.auc))[0])
    return None if spread is None else spread.variance**0.5
