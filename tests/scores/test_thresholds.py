from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.scores.thresholds import choose, spread

validation = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.3, 0.4, 0.6, 0.61, 0.9, 1.0])),
    min_size=1,
    max_size=12,
)


def accuracy(labels, scores, threshold):
    return np.mean((scores >= threshold) == (labels == 1))


def brute(labels, scores):
    """Try every cut; None when only calling all scans alike is best."""
    distinct = sorted(set(scores))
    middles = [(a + b) / 2 for a, b in pairwise(distinct)]
    trivial = max(np.mean(labels == 1), np.mean(labels == 0))
    best = max((accuracy(labels, scores, t) for t in middles), default=0.0)
    if len(set(labels)) == 1 or best < trivial:
        return None
    tied = [t for t in middles if accuracy(labels, scores, t) == best]
    return min(tied, key=lambda t: (abs(t - 0.5), t))


@given(validation)
def test_the_threshold_is_that_of_trying_all(pairs):
    labels = np.array([label for label, _ in pairs])
    scores = np.array([score for _, score in pairs])
    found, expected = choose(labels, scores=scores), brute(labels, scores)
    if expected is None:
        assert found.value == 0.5
        assert found.rule.startswith("argmax (0.5)")
    else:
        assert abs(found.value - 0.5) == pytest.approx(abs(expected - 0.5))
        assert accuracy(labels, scores, found.value) == accuracy(labels, scores, expected)
        assert found.rule.startswith("highest accuracy on validation data")


def test_the_rule_counts_the_scans():
    found = choose(np.array([0, 0, 1, 1, 0]), scores=np.array([0.1, 0.2, 0.4, 0.6, 0.9]))
    assert found.value == pytest.approx(0.3)
    assert found.rule == "highest accuracy on validation data: 4 of 5 scans"


def test_of_equal_optima_the_nearest_to_one_half():
    labels = np.array([0, 1, 0, 1])
    scores = np.array([0.05, 0.2, 0.6, 0.7])
    assert choose(labels, scores=scores).value == pytest.approx(0.65)


@pytest.mark.parametrize(
    ("labels", "scores", "said"),
    [
        ([], [], "there are no validation scans"),
        ([1, 1, 1], [0.1, 0.2, 0.9], "all 3 validation scans are positive"),
        ([0, 0], [0.1, 0.9], "all 2 validation scans are negative"),
        ([1, 1, 1, 0], [0.1, 0.2, 0.3, 0.4], "calls all 4 validation scans positive"),
        ([0, 0, 0, 1], [0.2, 0.3, 0.4, 0.1], "calls all 4 validation scans negative"),
        ([0, 1], [0.7, 0.7], "calls all 2 validation scans"),
    ],
)
def test_a_trivial_optimum_gives_the_argmax(labels, scores, said):
    found = choose(np.array(labels, dtype=np.int64), scores=np.array(scores))
    assert found.value == 0.5
    assert said in found.rule


def test_neighbouring_floats_are_told_apart():
    low = 0.5
    high = np.nextafter(low, 1)
    labels, scores = np.array([0, 0, 1, 1]), np.array([low, low, high, high])
    assert accuracy(labels, scores, choose(labels, scores=scores).value) == 1


def test_probabilities_of_exactly_zero_and_one_are_told_apart():
    labels, scores = np.array([0, 1]), np.array([0.0, 1.0])
    assert choose(labels, scores=scores).value == 0.5
    assert accuracy(labels, scores, 0.5) == 1


def of(labels, scores, patients=None, **options):
    labels, scores = np.array(labels), np.array(scores, dtype=np.float64)
    patients = np.arange(len(labels)) if patients is None else np.array(patients)
    return spread(labels, scores=scores, patients=patients, confidence=0.95, **options)


def test_a_threshold_of_few_patients_moves_more(dice):
    def widths(n):
        labels = np.tile([0, 1], n // 2)
        found = [of(labels, dice.normal(0.4 + 0.2 * labels, 0.15).clip(0, 1)) for _ in range(8)]
        return np.mean([one.high - one.low for one in found])

    assert widths(12) > 1.3 * widths(2000)


def test_the_spread_is_that_of_choosing_again(dice):
    """Patients of three scans each, drawn and judged by `choose`, as a brute force."""
    labels = np.repeat(np.tile([0, 1], 30), 3)
    scores = dice.normal(0.4 + 0.2 * labels, 0.2).clip(0, 1)
    patients = np.repeat(np.arange(60), 3)
    values = []
    for _ in range(400):
        taken = np.concatenate([dice.choice(np.arange(label, 60, 2), 30) for label in (0, 1)])
        scans = (3 * taken[:, None] + np.arange(3)).ravel()
        values.append(choose(labels[scans], scores=scores[scans]).value)
    found = of(labels, scores, patients)
    assert found.n_patients == 60
    low, high = np.quantile(values, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.05)


def test_copies_of_scans_do_not_make_a_threshold_surer(dice):
    labels = np.tile([0, 1], 10)
    scores = dice.normal(0.4 + 0.2 * labels, 0.2).clip(0, 1)
    alone = of(labels, scores)
    copied = of(np.repeat(labels, 4), np.repeat(scores, 4), np.repeat(np.arange(20), 4))
    assert copied[:3] == alone[:3]
    assert alone.method == "percentiles of 200 resamples of 20 validation patients"
    assert of(labels, scores, unit="image").method.endswith("20 validation images")


def test_what_was_not_chosen_has_no_spread():
    assert of([1, 1], [0.2, 0.3])[:3] == (2, None, None)
    assert of([], [])[:3] == (0, None, None)


def test_a_threshold_between_classes_that_do_not_overlap_moves_too():
    """Whichever patients lie nearest to it were drawn by chance."""
    found = of([0] * 8 + [1] * 8, [*np.linspace(0.1, 0.3, 8), *np.linspace(0.7, 0.9, 8)])
    assert found.low < 0.5 < found.high
    assert found.high - found.low > 0.01
