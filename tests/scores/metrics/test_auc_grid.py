"""auc_grid against the published rule written out: every threshold, every resample, by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from elsewhere.design.scoring import Scoring
from elsewhere.scores.metric import Judged, Sample
from elsewhere.scores.metrics.auc import Auc
from elsewhere.scores.metrics.auc_grid import AucGrid

SCORING = Scoring(threshold_from="argmax", confidence=0.9, bootstrap=200, seed=3)


def sample(labels, scores, patients=None):
    labels, scores = np.asarray(labels), np.asarray(scores, dtype=float)
    patients = np.arange(len(labels)) if patients is None else patients
    return Sample(Judged(labels, scores, scores >= 0.5, patients, ()), SCORING)


def area_by_hand(labels, scores):
    points = [(0.0, 0.0)]
    for step in range(100, -1, -1):
        called = scores >= step / 100
        points.append((called[labels == 0].mean(), called[labels == 1].mean()))
    return sum((x - w) * (y + v) / 2 for (w, v), (x, y) in itertools.pairwise(points))


@pytest.fixture
def drawn():
    dice = np.random.default_rng(11)
    labels = np.tile([0, 1, 1, 0, 0], 12)
    scores = 1 / (1 + np.exp(-dice.normal(1.2 * labels, 2)))
    return labels, scores, np.arange(60) // 3


def test_it_is_the_area_under_the_published_points(drawn):
    labels, scores, patients = drawn
    found = AucGrid().measure(sample(labels, scores, patients))
    assert found.value == pytest.approx(area_by_hand(labels, scores), abs=1e-12)


def test_scores_on_the_grid_have_the_exact_area(drawn):
    labels, scores, patients = drawn
    rounded = np.floor(100 * scores) / 100
    # the area of the grid is the exact one of scores that are cut to it
    cut = np.searchsorted(np.arange(101) / 100, scores, side="right")
    found = AucGrid().measure(sample(labels, scores, patients)).value
    assert found == pytest.approx(roc_auc_score(labels, cut), abs=1e-12)
    assert found == pytest.approx(roc_auc_score(labels, rounded), abs=0.01)


def test_saturated_scores_differ_from_the_exact_area():
    labels, scores = [0, 0, 1, 1], [0.9911, 0.9912, 0.9913, 0.9914]
    assert AucGrid().measure(sample(labels, scores)).value == pytest.approx(0.5)


def test_its_error_is_that_of_resampled_patients(drawn):
    labels, scores, patients = drawn
    given = sample(labels, scores, patients)
    areas = []
    for weights in given.draws.weights:
        of_scan = np.repeat(np.arange(len(labels)), weights[given.draws.patient])
        areas.append(area_by_hand(labels[of_scan], scores[of_scan]))
    found = AucGrid().measure(given)
    low, high = (np.log(end / (1 - end)) for end in found.intervals[""][:2])
    error = (high - low) / (2 * 1.7) * found.value * (1 - found.value)  # t of about 19 degrees
    assert error == pytest.approx(np.std(areas), rel=0.15)


def test_its_interval_is_that_of_the_auc_where_scores_are_on_the_grid(drawn):
    labels, scores, patients = drawn
    centred = (np.floor(100 * scores) + 0.5) / 100
    given = sample(labels, centred, patients)
    assert AucGrid().measure(given).intervals == Auc().measure(given).intervals


def test_one_class_has_a_reason():
    found = AucGrid().measure(sample([1, 1], [0.2, 0.4]))
    assert (found.value, found.reason) == (None, "AUC undefined: all 2 test scans are positive")
