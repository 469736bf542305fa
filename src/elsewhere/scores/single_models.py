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

from elsewhere.scores.delong import Delong, ranked_above
from elsewhere.scores.discrimination import Floats, Ints, auc, undefined
from elsewhere.scores.predictions import RUN

_ROUNDING = 1e-12

Keys = NDArray[np.str_]


class ModelScans(NamedTuple):
    """Test scans of a model: label, probability of class 1, keys of patient and scan; each [n]."""

    labels: Ints
    scores: Floats
    patients: Keys
    scans: Keys


@dataclass(frozen=True)
class MeanArea:
    """Mean AUC of the single models of an arm.

    Attributes
    ----------
    n_models, of_models
        Models whose test scans have both classes, and all models.
    patients
        Key of each patient, sorted, shape [p].
    delong
        The mean as one AUC, with what its variance is made of; the columns of its sums are of
        `patients`. Without a variance where a class of some model has one patient.
    """

    n_models: int
    of_models: int
    patients: Keys
    delong: Delong

    @property
    def auc(self) -> float:
        """The mean, each model with equal weight."""
        return float(self.delong.auc[0])

    @property
    def parts(self) -> Floats:
        """What each patient adds to the deviation of the mean, shape [patients]."""
        return self.delong.of_patients


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
            group["scan_id"].to_numpy(dtype=np.str_),
        )
        for _, group in rows.groupby(RUN, sort=True)
    ]


def mean_area(models: Sequence[ModelScans]) -> MeanArea | None:
    """Return the mean AUC over models; None if the test scans of none have both classes.

    The variance of a mean of correlated AUCs: what each patient adds to the deviation is averaged
    over the models that were tested on this patient. Models of different folds of one site share no
    test patient, so their variances add; models that were tested on the same patients are
    correlated through them. Of one model it is DeLong's variance, clustered.
    """
    ranked = _ranked(models)
    if not ranked:
        return None
    patients = np.unique(np.concatenate([model.patients for model in ranked]))
    return MeanArea(len(ranked), len(models), patients, _means([ranked], patients))


def two_means(first: Sequence[ModelScans], second: Sequence[ModelScans]) -> Delong | None:
    """Return the mean AUCs of two arms on the same test scans, with their covariance.

    None if the test scans of no model of an arm have both classes.
    """
    arms = [_ranked(models) for models in (first, second)]
    if not all(arms):
        return None
    patients = np.unique(np.concatenate([model.patients for arm in arms for model in arm]))
    return _means(arms, patients)


def _ranked(models: Sequence[ModelScans]) -> list[ModelScans]:
    return [model for model in models if undefined(model.labels) is None]


def _means(arms: Sequence[Sequence[ModelScans]], patients: Keys) -> Delong:
    every = [model for arm in arms for model in arm]
    scans = np.unique(np.concatenate([model.scans for model in every]))
    counts = [
        len(np.unique(np.concatenate([m.patients[m.labels == label] for m in every])))
        for label in (1, 0)
    ]
    found = [_of_arm(arm, (patients, scans), counts) for arm in arms]
    areas = [np.mean([auc(m.labels, scores=m.scores) for m in arm]) for arm in arms]
    by_scan = np.stack([alone for _, alone, _ in found], axis=1)
    return Delong(
        np.array(areas),
        np.stack([sums for sums, _, _ in found], axis=1),
        np.einsum("ski,sli->skl", by_scan, by_scan),
        (counts[0], counts[1]),
        found[0][2],
    )


def _of_arm(
    arm: Sequence[ModelScans], keys: tuple[Keys, Keys], counts: Sequence[int]
) -> tuple[Floats, Floats, tuple[int, int]]:
    """Return the mean deviations of an arm by patient [2, p] and by scan [2, s], and who is astray.

    They are scaled so that the corrections for few patients and scans are those of each model.
    """
    patients, scans = keys
    sums, alone = np.zeros((2, len(patients))), np.zeros((2, len(scans)))
    astray: list[set[str]] = [set(), set()]
    top = np.mean([auc(model.labels, scores=model.scores) for model in arm]) >= 0.5
    for model in arm:
        for side, label in enumerate((1, 0)):
            of = model.labels == label
            share = ranked_above(of, model.scores[None])[0]
            share = 1 - share if side else share
            astray[side] |= {*model.patients[of][np.abs(share - top) > _ROUNDING].tolist()}
            centred = (share - share.mean()) / len(share) / len(arm)
            size, n = len(np.unique(model.patients[of])), len(share)
            if size < 2:  # no variance of this model, so none of the mean
                return np.zeros_like(sums), np.zeros_like(alone), (0, 0)
            scale = (size / (size - 1) * (counts[side] - 1) / counts[side]) ** 0.5
            np.add.at(sums[side], np.searchsorted(patients, model.patients[of]), centred * scale)
            rows = np.searchsorted(scans, model.scans[of])
            np.add.at(alone[side], rows, centred * (n / (n - 1)) ** 0.5)
    return sums, alone, (len(astray[0]), len(astray[1]))
