from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from elsewhere.scores.tests import FEW_FOLDS, corrected_t, holm, paired_t


def one_seed(first, **given):
    """Return the test where each run is a fold of its own."""
    return corrected_t(first, folds=np.arange(len(first)), **given)


def runs(dice, n=12):
    return dice.normal(0.9, 0.02, n), dice.normal(0.88, 0.03, n)


@pytest.mark.parametrize("n", [2, 4, 12])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_paired_test_is_that_of_scipy(dice, n, confidence):
    first, second = runs(dice, n)
    found = paired_t(first, second=second, confidence=confidence)
    known = stats.ttest_rel(first, second)
    assert (found.t, found.p) == (pytest.approx(known.statistic), pytest.approx(known.pvalue))
    bounds = known.confidence_interval(confidence)
    assert (found.low, found.high) == (pytest.approx(bounds.low), pytest.approx(bounds.high))
    assert found.mean == pytest.approx(first.mean() - second.mean())
    assert (found.n, found.reason) == (n, None)


def test_the_corrected_test_is_the_formula_written_out(dice):
    """Nadeau & Bengio 2003: t = mean / sqrt((1/n + n_test/n_train) variance), n - 1 degrees."""
    first, second = runs(dice)
    found = one_seed(first, second=second, test_to_train=621 / 1613, confidence=0.95)
    d = [a - b for a, b in zip(first, second, strict=True)]
    mean = sum(d) / 12
    variance = sum((one - mean) ** 2 for one in d) / 11
    t = mean / math.sqrt((1 / 12 + 621 / 1613) * variance)
    assert found.t == pytest.approx(t)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), 11))
    half = stats.t.ppf(0.975, 11) * mean / t
    assert (found.low, found.high) == (pytest.approx(mean - half), pytest.approx(mean + half))


def test_without_overlap_nothing_is_corrected(dice):
    first, second = runs(dice)
    plain = paired_t(first, second=second, confidence=0.95)
    assert one_seed(first, second=second, test_to_train=0.0, confidence=0.95) == plain


def test_a_swap_of_the_arms_turns_the_sign(dice):
    first, second = runs(dice)
    one = one_seed(first, second=second, test_to_train=0.3, confidence=0.9)
    other = one_seed(second, second=first, test_to_train=0.3, confidence=0.9)
    assert (other.mean, other.low, other.high, other.t) == pytest.approx(
        (-one.mean, -one.high, -one.low, -one.t)
    )
    assert other.p == pytest.approx(one.p)


def test_the_error_of_the_first_kind_is_that_of_the_level(dice):
    """Runs that share scans correlate by n_test / (n_test + n_train): then the test is exact."""
    ratio, n = 1 / 3, 12
    rho = ratio / (1 + ratio)
    plain, corrected = [], []
    for _ in range(1500):
        d = math.sqrt(rho) * dice.normal() + math.sqrt(1 - rho) * dice.normal(size=n)
        plain.append(paired_t(d, second=np.zeros(n), confidence=0.95).p)
        corrected.append(one_seed(d, second=np.zeros(n), test_to_train=ratio, confidence=0.95).p)
    assert stats.kstest(corrected, "uniform").pvalue > 0.01
    assert np.mean(np.array(corrected) < 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.mean(np.array(plain) < 0.05) > 0.25


@pytest.mark.parametrize("alike", [0.3, 0.6, 0.95])
def test_seeds_that_share_their_folds_add_no_samples(dice, alike):
    """Four folds, three seeds, correlated `alike` in a fold: the folds' means are the samples."""
    ratio, folds, seeds = 1 / 3, 4, 3
    of_fold_mean = alike + (1 - alike) / seeds  # variance of a fold's mean
    of_all = of_fold_mean * ratio / (1 + ratio)  # of which this is common to all folds
    p_values, as_runs = [], []
    of = np.repeat(np.arange(folds), seeds)
    for _ in range(1500):
        shared = math.sqrt(of_all) * dice.normal()
        own = math.sqrt(alike - of_all) * dice.normal(size=(folds, 1))
        d = (shared + own + math.sqrt(1 - alike) * dice.normal(size=(folds, seeds))).ravel()
        pair = {"second": np.zeros_like(d), "test_to_train": ratio, "confidence": 0.95}
        p_values.append(corrected_t(d, folds=of, **pair).p)
        as_runs.append(one_seed(d, **pair).p)
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.015)
    assert stats.kstest(p_values, "uniform").pvalue > 0.001
    if alike > 0.9:
        assert np.mean(np.array(as_runs) < 0.05) > 0.12


def test_seeds_are_averaged_within_their_fold():
    d, of = np.array([0.1, 0.3, 0.0, 0.2, 0.4, 0.6]), np.array([0, 0, 1, 1, 2, 2])
    pair = {"test_to_train": 0.4, "confidence": 0.9}
    found = corrected_t(d, second=np.zeros(6), folds=of, **pair)
    assert found == one_seed(np.array([0.2, 0.1, 0.5]), second=np.zeros(3), **pair)
    assert found.n == 3


@pytest.mark.parametrize("folds", [1, 2])
def test_one_or_two_folds_have_no_valid_test_however_many_seeds(folds):
    d = np.array([0.1, 0.3, 0.2, 0.4])
    of = np.arange(4) % folds
    found = corrected_t(d, second=np.zeros(4), folds=of, test_to_train=0.4, confidence=0.95)
    assert (found.n, found.p, found.low, found.high) == (folds, None, None, None)
    assert found.mean == pytest.approx(0.25)
    assert found.reason == FEW_FOLDS


def test_folds_of_one_small_cohort_err_less_with_the_correction(dice):
    """Two learners that see one useless feature each, twelve times four folds of 80 scans."""
    plain, corrected = [], []
    for _ in range(200):
        labels = np.tile([0, 1], 40)
        features = dice.normal(size=(2, 80))
        folds = dice.permutation(80) % 4
        shares = np.empty((2, 4))
        for fold in range(4):
            train, test = folds != fold, folds == fold
            for learner, x in enumerate(features):
                middles = [x[train & (labels == label)].mean() for label in (0, 1)]
                calls = np.abs(x[test] - middles[1]) < np.abs(x[test] - middles[0])
                shares[learner, fold] = np.mean(calls == labels[test])
        pair = {"second": shares[1], "confidence": 0.95}
        found = paired_t(shares[0], **pair).p
        if found is not None:
            plain.append(found)
            corrected.append(one_seed(shares[0], test_to_train=1 / 3, **pair).p)
    wrong = [np.mean(np.array(p) < 0.05) for p in (plain, corrected)]
    assert wrong[1] < wrong[0]
    assert wrong[1] < 0.08


@pytest.mark.parametrize(
    ("differences", "mean", "reason"),
    [
        ([], None, "no run has both values"),
        ([0.1], 0.1, "one paired run has no variance"),
        ([0.1, 0.1, 0.1], 0.1, "the difference is the same in all runs: no variance"),
        ([0.0, 0.0], 0.0, "the difference is the same in all runs: no variance"),
    ],
)
def test_what_cannot_be_computed_says_why(differences, mean, reason):
    second = np.full(len(differences), 0.7)
    first = second + np.array(differences)
    plain = paired_t(first, second=second, confidence=0.95)
    corrected = one_seed(first, second=second, test_to_train=0.3, confidence=0.95)
    for found, why in ((plain, reason), (corrected, FEW_FOLDS if 0 < len(second) < 3 else reason)):
        assert found.n == len(differences)
        assert found.mean == (None if mean is None else pytest.approx(mean))
        assert (found.low, found.high, found.t, found.p) == (None,) * 4
        assert found.reason == why


@pytest.mark.parametrize("n", [1, 2, 3, 12, 60])
@pytest.mark.parametrize("digits", [1, 15])
def test_holm_is_that_of_statsmodels(dice, n, digits):
    p_values = dice.uniform(0, 1, n).round(digits) ** 3  # of one digit: ties
    known = multipletests(p_values, method="holm")[1]
    assert holm(p_values.tolist()) == pytest.approx(list(known))


@given(st.lists(st.none() | st.floats(0, 1), max_size=20))
def test_holm_leaves_out_what_has_no_p(p_values):
    found = holm(p_values)
    assert [one is None for one in found] == [one is None for one in p_values]
    assert [one for one in found if one is not None] == holm(
        [one for one in p_values if one is not None]
    )
