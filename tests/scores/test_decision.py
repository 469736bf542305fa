"""decision: against dcurves, Mercaldo's example and counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.scores.decision import (
    Share,
    net_benefit,
    predictive_values,
    thresholds,
)

SCORES = np.array(
    [0.05, 0.10, 0.15, 0.20, 0.30, 0.30, 0.40, 0.45, 0.55, 0.60, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95]
)
LABELS = np.array([0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1])


def test_the_net_benefit_is_that_of_dcurves():
    """dcurves 1.1.7: of the model 0.421875 and 0.25, of all 0.375 and 0."""
    found = net_benefit(LABELS, scores=SCORES, at=np.array([0.2, 0.5]))
    assert found.model == pytest.approx([0.421875, 0.25], abs=1e-9)
    assert found.treat_all == pytest.approx([0.375, 0.0], abs=1e-9)
    assert found.gain == pytest.approx([0.046875, 0.25], abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 100)), min_size=1, max_size=30))
def test_the_net_benefit_counts_right_and_wrong_calls(drawn):
    labels, percent = (np.array(column) for column in zip(*drawn, strict=True))
    at, scores = thresholds((0.05, 0.5)), percent / 100
    found = net_benefit(labels, scores=scores, at=at)
    for threshold, model in zip(at, found.model, strict=True):
        called = scores >= threshold
        tp, fp = np.sum(called & (labels == 1)), np.sum(called & (labels == 0))
        assert model == pytest.approx((tp - fp * threshold / (1 - threshold)) / len(labels))


def test_a_model_that_calls_all_or_none_gains_nothing_over_both():
    at = thresholds((0.05, 0.5))
    for score in (0.0, 1.0):
        gain = net_benefit(LABELS, scores=np.full(16, score), at=at).gain
        assert (gain <= 1e-12).all()
    assert net_benefit(LABELS, scores=np.full(16, 1.0), at=at).gain[0] == pytest.approx(0)


def test_thresholds_hold_both_limits():
    found = thresholds((0.05, 0.5))
    assert len(found) == 46
    assert found[[0, 25, -1]].tolist() == [0.05, 0.3, 0.5]


def test_predictive_values_are_those_of_mercaldo():
    found = predictive_values(Share(0.8, 50), Share(0.9, 100), prevalence=0.1, confidence=0.95)
    assert found[0] == pytest.approx((0.470588, 0.326978, 0.619239), abs=1e-6)
    assert found[1] == pytest.approx((0.975904, 0.958636, 0.986067), abs=1e-6)


def test_at_the_prevalence_of_the_scans_they_are_shares_of_counts():
    """40 of 50 positive and 90 of 100 negative scans are called right."""
    found = predictive_values(Share(0.8, 50), Share(0.9, 100), prevalence=50 / 150, confidence=0.9)
    assert found[0].value == pytest.approx(40 / 50)
    assert found[1].value == pytest.approx(90 / 100)


@pytest.mark.parametrize(("se", "sp"), [(1.0, 0.9), (0.8, 1.0), (1.0, 1.0), (0.0, 0.7)])
def test_without_an_error_the_interval_still_has_a_width_and_holds_the_value(se, sp):
    found = predictive_values(Share(se, 12), Share(sp, 15), prevalence=0.2, confidence=0.95)
    for value, low, high in found:
        assert low <= value <= high
        assert 0.01 < high - low < 1


def test_a_value_of_calls_that_nobody_gets_is_undefined():
    positive, negative = predictive_values(
        Share(0.0, 12), Share(1.0, 15), prevalence=0.2, confidence=0.95
    )
    assert positive.value is None
    assert positive.low is None
    assert negative.value == pytest.approx(0.8)


def test_intervals_cover_what_they_should():
    """2,000 samples of 40 and 60 scans: between 93 and 97.5 % of the intervals hold the truth."""
    dice = np.random.default_rng(0)
    right = dice.binomial(40, 0.85, 2000) / 40, dice.binomial(60, 0.8, 2000) / 60
    truth = 0.2 * 0.85 / (0.2 * 0.85 + 0.8 * 0.2), 0.8 * 0.8 / (0.8 * 0.8 + 0.2 * 0.15)
    held = np.zeros(2)
    for se, sp in zip(*right, strict=True):
        found = predictive_values(Share(se, 40), Share(sp, 60), prevalence=0.2, confidence=0.95)
        held += [of.low <= true <= of.high for of, true in zip(found, truth, strict=True)]
    assert (held / 2000 > 0.93).all()
    assert (held / 2000 < 0.975).all()
