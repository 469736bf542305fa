from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from elsewhere.scores.delong import delong, standard_error
from elsewhere.scores.discrimination import auc
from elsewhere.scores.single_models import ModelScans, by_model, mean_area, two_means


def model(dice, patients, *, each=1, noise=None, shift=1.0):
    """A model's test scans: `each` scans a patient, the odd patients positive."""
    patient = np.repeat(patients, each)
    labels = patient % 2
    shared = dice.normal(size=patient.max() + 1)[patient] if noise is None else noise[patient]
    scores = shift * labels + shared + dice.normal(scale=0.7, size=len(patient))
    keys = np.array([f"p{number:03d}" for number in patient])
    places = np.arange(len(patient)) % each
    scans = np.array([f"{key}-{place}" for key, place in zip(keys, places, strict=True)])
    return ModelScans(labels, scores, keys, scans)


def variance(area):
    return area.delong.covariance[0, 0]


def numbers(one):
    return np.unique(one.patients, return_inverse=True)[1]


def test_of_one_model_the_variance_is_that_of_delong(dice):
    one = model(dice, np.arange(24), each=2)
    exact = delong(one.labels, scores=one.scores[None], patients=numbers(one))
    found = mean_area([one])
    assert found.auc == pytest.approx(exact.auc[0])
    assert variance(found) == pytest.approx(exact.covariance[0, 0])
    for name in ("sums", "alone", "n_patients", "n_out_of_order"):
        np.testing.assert_allclose(getattr(found.delong, name), getattr(exact, name))


def test_models_on_the_same_patients_are_correlated_as_delong_says(dice):
    noise = dice.normal(size=30)
    models = [model(dice, np.arange(30), each=2, noise=noise) for _ in range(3)]
    scores = np.stack([one.scores for one in models])
    exact = delong(models[0].labels, scores=scores, patients=numbers(models[0]))
    found = mean_area(models)
    assert found.auc == pytest.approx(exact.auc.mean())
    assert variance(found) == pytest.approx(exact.covariance.mean())
    both = two_means(models[:1], models[1:])
    contrast = np.array([[1, 0, 0], [0, 0.5, 0.5]])
    np.testing.assert_allclose(both.covariance, contrast @ exact.covariance @ contrast.T)
    np.testing.assert_allclose(both.alone, contrast @ exact.alone @ contrast.T)
    assert found.delong.n_patients == exact.n_patients, "the same patients do not count thrice"
    assert two_means(models, []) is None


def test_folds_of_different_patients_are_independent(dice):
    folds = [model(dice, np.arange(start, start + 20)) for start in (0, 20, 40)]
    alone = [mean_area([fold]) for fold in folds]
    found = mean_area(folds)
    expected = sum(variance(one) for one in alone) / 9
    assert variance(found) == pytest.approx(expected)
    assert found.delong.n_patients == (30, 30)


def test_the_variance_is_that_of_resampled_patients(dice):
    """Two folds, each with two seeds; patients with scans of both classes; ten times as many."""
    noise = dice.normal(size=400)
    models = []
    for start in (0, 200):
        for _ in range(2):
            one = model(dice, np.arange(start, start + 200), each=2, noise=noise)
            mixed = np.where(dice.uniform(size=400) < 0.1, 1 - one.labels, one.labels)
            models.append(one._replace(labels=mixed))
    models[1] = models[1]._replace(labels=models[0].labels)
    models[3] = models[3]._replace(labels=models[2].labels)
    found = mean_area(models)
    drawn = []
    for _ in range(300):
        means = []
        for pair in (models[:2], models[2:]):
            taken = dice.integers(200, size=200)
            scans = np.concatenate([2 * taken, 2 * taken + 1])
            means += [auc(one.labels[scans], scores=one.scores[scans]) for one in pair]
        drawn.append(np.mean(means))
    assert variance(found) ** 0.5 == pytest.approx(np.std(drawn), rel=0.12)


def test_a_model_that_lacks_a_class_is_left_out_and_counted(dice):
    one = model(dice, np.arange(20))
    lacking = model(dice, np.arange(20, 40, 2))
    found = mean_area([one, lacking])
    assert (found.n_models, found.of_models) == (1, 2)
    assert found.auc == pytest.approx(roc_auc_score(one.labels, one.scores))
    assert mean_area([lacking]) is None
    assert mean_area([]) is None


def test_one_patient_in_a_class_leaves_no_variance(dice):
    found = mean_area([model(dice, np.arange(20)), model(dice, np.array([20, 22, 24, 25]))])
    assert found.delong.spread(np.ones(1)) is None
    assert standard_error(found.delong) is None


def test_test_scans_are_those_of_each_fold_and_seed(rows):
    test = rows([0, 1], [0.2, 0.7], fold=1, seed=3)
    other = rows([1, 0, 1], [0.3, 0.4, 0.5], fold=0, seed=0, patients=["a", "b", "a"])
    validation = rows([0, 1], [0.1, 0.9], fold=1, seed=3, part="validation")
    first, second = by_model(pd.concat([test, validation, other]))
    assert (first.labels.tolist(), first.patients.tolist()) == ([1, 0, 1], ["a", "b", "a"])
    assert second.scores.tolist() == [0.2, 0.7]
