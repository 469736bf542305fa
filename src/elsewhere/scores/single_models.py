"""single_models: the mean AUC of the single models of an arm, with the patients they share.

A cell of several folds or seeds is judged by what one model does: the AUC of each model on its own
test scans, then their mean. Probabilities of models from different folds need not be on one scale,
so scans of different folds are not ranked against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Floats, Ints, auc, components, undefined
from elsewhere.scores.intervals import Delong
from elsewhere.scores.predictions import RUN


class ModelScans(NamedTuple):
    """Test scans of one model: label [n], probability of class 1 [n], key of the patient [n]."""

    labels: Ints
    scores: Floats
    patients: NDArray[np.str_]


@dataclass(frozen=True)
class MeanArea:
    """Mean AUC of single models.

    Attributes
    ----------
    auc
        The mean, each model with equal weight.
    n_models, of_models
        Models whose test scans have both classes, and all models.
    n_pairs
        Disjoint pairs of one positive and one negative patient that a model can compare.
    patients
        Key of each patient, sorted, shape [p].
    parts
        How much each patient moves the mean, shape [4, p]: as positive and as negative, each with
        the correction for few patients of its own class and with that of all patients. None: a
        class of some model has fewer than two patients, so there is no variance.
    """

    auc: float
    n_models: int
    of_models: int
    n_pairs: int
    patients: NDArray[np.str_]
    parts: Floats | None

    @property
    def delong(self) -> Delong:
        """The mean as an estimate with a variance, for the intervals of an AUC."""
        variance = covariance(self, self)
        matrix = None if variance is None else np.array([[variance]])
        return Delong(np.array([self.auc]), matrix, self.n_pairs)


def by_model(frame: pd.DataFrame) -> list[ModelScans]:
    """Return the test scans of each model, in the order of folds and seeds.

    Parameters
    ----------
    frame
        Rows of predictions.parquet of one cell and of one finding.
    """
    rows = frame[frame["part"] == "test"].sort_values([*RUN, "scan_id"])
    return [
        ModelScans(
            group["label"].to_numpy(dtype=np.int64),
            group["probability_1"].to_numpy(dtype=np.float64),
            group["patient_id"].to_numpy(dtype=np.str_),
        )
        for _, group in rows.groupby(RUN, sort=True)
    ]


def mean_area(models: Sequence[ModelScans]) -> MeanArea | None:
    """Return the mean AUC over models; None if the test scans of none have both classes.

    The variance of a mean of correlated AUCs: each patient's influence is averaged over the models
    that were tested on this patient, then squared and summed. Models of different folds of one
    site share no test patient, so their variances add; models that were tested on the same
    patients are correlated through them. Of one model it is DeLong's variance, clustered.
    """
    ranked = [model for model in models if undefined(model.labels) is None]
    if not ranked:
        return None
    patients = np.unique(np.concatenate([model.patients for model in ranked]))
    influences = [_influence(model, patients) for model in ranked]
    known = [influence for influence in influences if influence is not None]
    areas = [auc(model.labels, scores=model.scores) for model in ranked]
    return MeanArea(
        auc=float(np.mean(areas)),
        n_models=len(ranked),
        of_models=len(models),
        n_pairs=_pairs(ranked),
        patients=patients,
        parts=np.mean(known, axis=0) if len(known) == len(ranked) else None,
    )


def covariance(first: MeanArea, second: MeanArea) -> float | None:
    """Return the covariance of two means through the patients they share; None if unknown."""
    if first.parts is None or second.parts is None:
        return None
    _, one, other = np.intersect1d(first.patients, second.patients, return_indices=True)
    a, b = first.parts[:, one], second.parts[:, other]
    return float((a[0] * b[0] + a[1] * b[1] + a[2] * b[3] + a[3] * b[2]).sum())


def _influence(model: ModelScans, patients: NDArray[np.str_]) -> Floats | None:
    """Return `MeanArea.parts` of one model; None with fewer than two patients in a class."""
    positive, cluster = model.labels == 1, np.searchsorted(patients, model.patients)
    n_positive, n_negative = (len(np.unique(cluster[of])) for of in (positive, ~positive))
    n_all = len(np.unique(cluster))
    if min(n_positive, n_negative) < 2:
        return None
    found = components(positive, scores=model.scores, cluster=cluster)
    sums = np.pad(found, ((0, 0), (0, len(patients) - found.shape[1])))
    corrections = [(n / (n - 1)) ** 0.5 for n in (n_positive, n_negative, n_all, n_all)]
    influence: Floats = np.concatenate([sums, sums]) * np.array(corrections)[:, None]
    return influence


def _pairs(models: Sequence[ModelScans]) -> int:
    """Count disjoint pairs of patients that some model compares, none of them twice."""
    together = ModelScans(*(np.concatenate(values) for values in zip(*models, strict=True)))
    return min(sum(map(_own_pairs, models)), _own_pairs(together))


def _own_pairs(model: ModelScans) -> int:
    of_class = [len(np.unique(model.patients[model.labels == label])) for label in (0, 1)]
    return min(*of_class, len(np.unique(model.patients)) // 2)
