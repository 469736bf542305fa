"""transport: thresholds by hand, differences against Newcombe's paired intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from elsewhere.design.scoring import Scoring
from elsewhere.scores.estimates import Estimate
from elsewhere.scores.thresholds import Scored, choose
from elsewhere.scores.transport import (
    for_sensitivity,
    highest_accuracy,
    paired_difference,
    transport,
    why_not,
)

SCORING = Scoring(threshold_from="training_sites", confidence=0.95, bootstrap=1, seed=0)


def scored(labels, scores, patients=None):
    n = len(labels)
    numbers = np.arange(n) if patients is None else np.array(patients)
    return Scored(np.array(labels, dtype=np.int64), np.array(scores, dtype=float), numbers)


TEST = scored([0, 0, 0, 0, 1, 1, 1, 1], [0.1, 0.2, 0.4, 0.6, 0.3, 0.5, 0.7, 0.9])
HIGH = scored([0, 0, 1, 1], [0.5, 0.6, 0.7, 0.9])  # its threshold is 0.65
LOW = scored([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.6])  # its threshold is 0.25


def test_both_thresholds_are_tried_on_the_same_test_scans():
    found = transport(TEST, training=HIGH, local=LOW, rule=highest_accuracy, scoring=SCORING)
    assert found.training.threshold.value == pytest.approx(0.65)
    assert found.local.threshold.value == pytest.approx(0.25)
    assert (found.training.sensitivity.value, found.training.specificity.value) == (0.5, 1.0)
    assert (found.local.sensitivity.value, found.local.specificity.value) == (1.0, 0.5)
    assert (found.sensitivity.value, found.specificity.value) == (0.5, -0.5)
    exact = proportion_confint(2, 4, method="beta")
    assert found.training.sensitivity[1:] == pytest.approx(exact), "four patients are few"


def test_a_threshold_that_moves_nothing_gains_nothing():
    found = transport(TEST, training=LOW, local=LOW, rule=for_sensitivity, scoring=SCORING)
    for gain in (found.sensitivity, found.specificity):
        assert gain.value == 0
        assert gain.low <= 0 <= gain.high


@given(
    positive=st.lists(st.integers(0, 100), min_size=1, max_size=30),
    negative=st.lists(st.integers(0, 100), max_size=20),
)
def test_the_threshold_for_a_sensitivity_is_the_highest_that_reaches_it(positive, negative):
    values = np.array(positive + negative) / 100
    labels = [1] * len(positive) + [0] * len(negative)
    found = for_sensitivity(scored(labels, values)).value
    of_positive = np.array(positive) / 100
    assert np.mean(of_positive >= found) >= 0.9
    higher = [np.mean(of_positive >= t) for t in np.unique(of_positive) if t > found]
    # the first of these has the same calls as the threshold itself
    assert all(share < 0.9 for share in higher[1:])


@pytest.mark.parametrize(("n", "missed"), [(9, 0), (10, 1), (19, 1), (20, 2), (30, 3)])
def test_one_positive_scan_in_ten_may_be_missed(n, missed):
    scores = np.arange(1, n + 1) / (n + 1)
    found = for_sensitivity(scored([1] * n, scores)).value
    assert np.sum(scores < found) == missed


def test_no_positive_validation_scan_is_an_error():
    with pytest.raises(ValueError, match="no validation scan is positive"):
        for_sensitivity(scored([0, 0], [0.1, 0.2]))


def test_the_rule_of_accuracy_is_that_of_the_study():
    assert highest_accuracy(HIGH) == choose(HIGH.labels, scores=HIGH.scores)


@pytest.mark.parametrize(
    ("test", "training", "local", "why"),
    [
        (TEST, None, LOW, "there are no validation scans of the training sites"),
        (TEST, HIGH, None, "there are no validation scans of the test site"),
        (TEST, HIGH, scored([1, 1], [0.1, 0.2]), "all validation scans of the test site are pos"),
        (scored([0], [0.1]), HIGH, LOW, "all test scans are negative"),
        (TEST, HIGH, LOW, None),
    ],
)
def test_what_cannot_be_compared_says_why(test, training, local, why):
    found = why_not(test, training=training, local=local)
    assert found is None if why is None else found.startswith(why)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        # e, f, g, h: both right, only the first, only the second, none. Newcombe 1998, table II, is
        # of these tables; limits of his method 8: Wilson, correlation phi without a correction
        ((36, 12, 2, 0), (0.20, 0.0569, 0.3404)),
    ],
)
def test_a_difference_of_independent_patients_is_close_to_newcombe_s_paired_interval(
    pairs, expected
):
    first = np.repeat([True, True, False, False], pairs)
    second = np.repeat([True, False, True, False], pairs)
    found = paired_difference(first, second, patients=np.arange(len(first)), confidence=0.95)
    assert found == pytest.approx(expected, abs=2e-4)


def test_the_correlation_is_corrected_for_continuity():
    """Newcombe method 10 by hand: phi is (e h - f g - n / 2) over the root of the margins."""
    e, f, g, h = counts = 30, 6, 2, 12
    first = np.repeat([True, True, False, False], counts)
    second = np.repeat([True, False, True, False], counts)
    found = paired_difference(first, second, patients=np.arange(50), confidence=0.95)
    phi = (e * h - f * g - 25) / ((e + f) * (g + h) * (e + g) * (f + h)) ** 0.5
    one, two = (proportion_confint(k, 50, method="wilson") for k in (e + f, e + g))
    below, above = (e + f) / 50 - one[0], two[1] - (e + g) / 50
    low = (f - g) / 50 - (below**2 - 2 * phi * below * above + above**2) ** 0.5
    assert found.low == pytest.approx(low, abs=1e-9)


def test_calls_that_all_agree_leave_a_width():
    same = np.repeat([True, False], 6)
    found = paired_difference(same, same, patients=np.arange(12), confidence=0.95)
    assert found.value == 0
    assert found.low < -0.1
    assert found.high > 0.1


def test_the_order_of_two_shares_turns_the_interval_round():
    dice = np.random.default_rng(3)
    first, second = dice.random((2, 40)) < [[0.8], [0.6]]
    patients = np.repeat(np.arange(20), 2)
    one = paired_difference(first, second, patients=patients, confidence=0.95)
    other = paired_difference(second, first, patients=patients, confidence=0.95)
    assert one == pytest.approx(Estimate(-other.value, -other.high, -other.low))


def test_scans_that_agree_narrow_the_interval():
    """The same two shares, once of the same scans and once of scans that have nothing in common."""
    dice = np.random.default_rng(4)
    first = dice.random(60) < 0.8
    alike = first & (np.arange(60) % 9 > 0)
    apart = dice.permutation(alike)
    widths = [
        found.high - found.low
        for second in (alike, apart)
        for found in [paired_difference(first, second, patients=np.arange(60), confidence=0.95)]
    ]
    assert widths[0] < widths[1]
