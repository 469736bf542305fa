"""calibrated: Brier scores against R and scikit-learn, their errors against the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from elsewhere.design.scoring import Scoring
from elsewhere.scores.calibrated import agreement, brier, brier_scaled, errors
from elsewhere.scores.metric import Judged, Sample

# 16 scans of 10 patients, as in test_calibration
SCORES = np.array(
    [0.05, 0.10, 0.15, 0.20, 0.30, 0.30, 0.40, 0.45, 0.55, 0.60, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95]
)
LABELS = np.array([0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1])
PATIENTS = np.array([1, 1, 2, 3, 2, 4, 5, 4, 6, 7, 7, 6, 8, 8, 9, 10])
SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=300, seed=0)


def sample(labels, scores, patients):
    return Sample(Judged(labels, scores, scores >= 0.5, patients, ()), SCORING)


def drawn(n=300, seed=4):
    dice = np.random.default_rng(seed)
    scores = dice.beta(1, 2, n // 2).repeat(2)
    labels = (dice.random(n // 2).repeat(2) < scores).astype(int)
    return labels, scores, np.arange(n // 2).repeat(2)


def test_brier_scores_are_those_of_r():
    assert brier(LABELS, SCORES, PATIENTS).value == pytest.approx(0.162969, abs=1e-6)
    assert brier_scaled(LABELS, SCORES, PATIENTS).value == pytest.approx(0.348125, abs=1e-6)


def test_the_brier_score_is_that_of_scikit_learn():
    labels, scores, patients = drawn()
    expected = brier_score_loss(labels, scores)
    assert brier(labels, scores, patients).value == pytest.approx(expected, rel=1e-12)


def test_errors_are_those_of_patients_drawn_again():
    labels, scores, patients = drawn()
    dice = np.random.default_rng(0)
    found = []
    for _ in range(600):
        rows = (2 * dice.integers(150, size=150)[:, None] + [0, 1]).ravel()
        score = np.mean((scores[rows] - labels[rows]) ** 2)
        share = labels[rows].mean()
        found.append([score, 1 - score / (share * (1 - share))])
    expected = np.std(found, axis=0)
    assert brier(labels, scores, patients).error == pytest.approx(expected[0], rel=0.1)
    assert brier_scaled(labels, scores, patients).error == pytest.approx(expected[1], rel=0.1)


def test_the_prevalence_for_all_scans_has_a_scaled_score_of_0():
    found = brier_scaled(LABELS, np.full(16, LABELS.mean()), PATIENTS)
    assert found.value == pytest.approx(0, abs=1e-12)


def test_of_one_class_there_is_a_brier_score_but_nothing_that_compares_classes():
    one = sample(np.ones(16, dtype=int), SCORES, PATIENTS)
    found = errors(one, SCORES)
    assert found["brier"].value is not None
    assert found["brier_scaled"].reason == "all scans are positive"
    numbers, curve = agreement(one, SCORES)
    assert curve is None
    assert {number.reason for number in numbers.values()} == {"all scans are positive"}


def test_numbers_of_many_patients_have_intervals_that_hold_them_and_a_curve_with_a_band():
    labels, scores, patients = drawn()
    numbers, curve = agreement(sample(labels, scores, patients), scores)
    for found in numbers.values():
        assert found.interval.low < found.value < found.interval.high
    assert numbers["slope"].interval.low < 1 < numbers["slope"].interval.high
    for low, share, high in zip(*(curve[name] for name in ("low", "share", "high")), strict=True):
        assert low <= share <= high


def test_separation_leaves_no_number_but_the_errors():
    scores = np.where(LABELS == 1, 0.999, 0.001)
    numbers, curve = agreement(sample(LABELS, scores, np.arange(16)), scores)
    assert curve is None
    assert {found.reason.split(":")[0] for found in numbers.values()} == {"separation"}


def test_equal_probabilities_have_no_curve():
    labels, _, patients = drawn()
    numbers, curve = agreement(sample(labels, np.full(300, 0.3), patients), np.full(300, 0.3))
    assert curve is None
    assert numbers["ici"].reason == "all probabilities are equal"
    assert numbers["intercept"].value is not None
