from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import norm, rankdata
from sklearn.metrics import roc_auc_score, roc_curve

from elsewhere.scores.discrimination import (
    auc,
    band,
    empirical_roc,
    grid_auc,
    grid_roc,
    mean_sd,
    midranks,
    undefined,
)

# few distinct values: many ties
scored = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.005, 0.1, 0.29, 0.5, 0.57, 0.995, 1.0])),
    min_size=2,
    max_size=25,
)


def arrays(pairs):
    labels = np.array([label for label, _ in pairs], dtype=np.int64)
    assume(0 < labels.sum() < len(labels))
    return labels, np.array([score for _, score in pairs])


def brute(labels, scores):
    wins = [(p > n) + 0.5 * (p == n) for p in scores[labels == 1] for n in scores[labels == 0]]
    return sum(wins) / len(wins)


@given(scored)
def test_auc_is_the_share_of_ordered_pairs(pairs):
    labels, scores = arrays(pairs)
    assert auc(labels, scores=scores) == pytest.approx(brute(labels, scores), abs=1e-12)
    assert auc(labels, scores=scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@given(scored)
def test_auc_ignores_monotone_changes_and_mirrors_with_the_labels(pairs):
    labels, scores = arrays(pairs)
    found = auc(labels, scores=scores)
    assert auc(labels, scores=np.exp(3 * scores)) == found
    assert auc(1 - labels, scores=scores) == pytest.approx(1 - found, abs=1e-12)


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), min_size=1, max_size=20))
def test_midranks(values):
    assert list(midranks(np.array(values))) == list(rankdata(values))


def literal_grid(labels, scores):
    """A-56 word by word: 101 thresholds, count, trapezoid."""
    points = []
    for step in range(101):
        threshold = step / 100
        tp = sum(1 for y, s in zip(labels, scores, strict=True) if y == 1 and s >= threshold)
        fp = sum(1 for y, s in zip(labels, scores, strict=True) if y == 0 and s >= threshold)
        points.append((fp / np.sum(labels == 0), tp / np.sum(labels == 1)))
    closed = [*points, (0.0, 0.0)]
    area = sum((x0 - x1) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in pairwise(closed))
    return points, area


@given(scored)
def test_grid_roc_and_its_area_are_those_of_a_loop_over_101_thresholds(pairs):
    labels, scores = arrays(pairs)
    found = grid_roc(labels, scores=scores)
    points, area = literal_grid(labels, scores)
    assert len(found.threshold) == len(found.fpr) == len(found.tpr) == 101
    assert list(zip(found.fpr, found.tpr, strict=True)) == points
    assert grid_auc(found) == pytest.approx(area, abs=1e-12)


def test_grid_area_is_exact_when_probabilities_are_hundredths(dice):
    labels = dice.integers(0, 2, 200)
    scores = dice.integers(0, 100, 200) / 100
    grid = grid_auc(grid_roc(labels, scores=scores))
    assert grid == pytest.approx(auc(labels, scores=scores), abs=1e-12)


def test_the_grid_cannot_tell_saturated_probabilities_apart():
    labels = np.array([0, 0, 1, 1])
    scores = np.array([0.991, 0.992, 0.998, 0.999])
    assert auc(labels, scores=scores) == 1
    assert grid_auc(grid_roc(labels, scores=scores)) == 0.5


def test_binormal_auc_is_the_closed_form(dice):
    labels = np.repeat([0, 1], 40_000)
    scores = dice.normal(labels * 1.2)
    expected = norm.cdf(1.2 / 2**0.5)
    assert auc(labels, scores=scores) == pytest.approx(expected, abs=0.01)


@given(scored)
def test_empirical_roc_is_that_of_scikit_learn(pairs):
    labels, scores = arrays(pairs)
    fpr, tpr = empirical_roc(labels, scores=scores)
    expected_fpr, expected_tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    assert list(fpr) == list(expected_fpr)
    assert list(tpr) == list(expected_tpr)
    assert np.trapezoid(tpr, fpr) == pytest.approx(auc(labels, scores=scores), abs=1e-12)


def test_a_band_takes_the_top_of_a_vertical_step_and_interpolates_elsewhere():
    step = (np.array([0.0, 0.0, 0.5, 0.5, 1.0]), np.array([0.0, 0.25, 0.25, 0.75, 1.0]))
    found = band([step, step])
    at = dict(zip(found.fpr, found.tpr_mean, strict=True))
    assert (at[0.0], at[0.25], at[0.5], at[0.75], at[1.0]) == (0.25, 0.25, 0.75, 0.875, 1.0)
    assert not found.tpr_sd.any()


def test_a_band_is_mean_and_sample_sd_of_its_curves():
    diagonal = (np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    perfect = (np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0]))
    found = band([diagonal, perfect])
    assert found.tpr_mean == pytest.approx((found.fpr + 1) / 2)
    assert found.tpr_sd == pytest.approx((1 - found.fpr) / 2**0.5)


def test_one_curve_has_no_band():
    with pytest.raises(ValueError, match="at least 2"):
        band([(np.array([0.0, 1.0]), np.array([0.0, 1.0]))])


def test_mean_and_sample_sd():
    assert mean_sd(np.array([1.0, 3.0])) == (2.0, pytest.approx(2**0.5))
    assert mean_sd(np.array([1.0])) == (1.0, None)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([], "AUC undefined: there are no test scans"),
        ([1] * 14, "AUC undefined: all 14 test scans are positive"),
        ([0] * 3, "AUC undefined: all 3 test scans are negative"),
        ([0, 1], None),
    ],
)
def test_why_there_is_no_auc(labels, said):
    given_labels = np.array(labels, dtype=np.int64)
    assert undefined(given_labels) == said
    if said:
        for function in (auc, grid_roc, empirical_roc):
            with pytest.raises(ValueError, match=said):
                function(given_labels, scores=np.zeros(len(labels)))
