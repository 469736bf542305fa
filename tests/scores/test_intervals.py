from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from elsewhere.scores import intervals
from elsewhere.scores.discrimination import auc
from elsewhere.scores.intervals import (
    Draws,
    auc_interval,
    delong,
    percentile_interval,
    resample,
    resampled_auc,
    resampled_shares,
    standard_error,
    wilson,
    z_value,
)

clustered = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.8]), st.integers(0, 6)),
    min_size=4,
    max_size=24,
)


def arrays(rows):
    labels, scores, patients = (np.array(column) for column in zip(*rows, strict=True))
    assume(0 < labels.sum() < len(labels))
    return labels, scores, patients


def enough(labels, patients):
    return min(len(set(patients[labels == label])) for label in (0, 1)) >= 2


def brute_components(labels, scores):
    """Structural components of DeLong from all pairs."""
    kernel = np.array(
        [[(p > n) + 0.5 * (p == n) for n in scores[labels == 0]] for p in scores[labels == 1]],
        dtype=float,
    )
    return kernel.mean(), kernel.mean(axis=1), kernel.mean(axis=0)


def brute_variance(labels, scores, patients):
    """Obuchowski 1997, equations for one test, patient by patient."""
    area, ten, one = brute_components(labels, scores)
    m, n = len(ten), len(one)
    owners_ten, owners_one = patients[labels == 1], patients[labels == 0]
    everyone = sorted(set(patients))
    i, i10, i01 = len(everyone), len(set(owners_ten)), len(set(owners_one))
    s10 = s01 = s11 = 0.0
    for patient in everyone:
        of_ten, of_one = owners_ten == patient, owners_one == patient
        dev_ten = ten[of_ten].sum() - of_ten.sum() * area
        dev_one = one[of_one].sum() - of_one.sum() * area
        s10 += dev_ten**2
        s01 += dev_one**2
        s11 += dev_ten * dev_one
    s10 *= i10 / ((i10 - 1) * m)
    s01 *= i01 / ((i01 - 1) * n)
    s11 *= i / (i - 1)
    return s10 / m + s01 / n + 2 * s11 / (m * n)


@given(clustered)
def test_clustered_delong_is_that_of_all_pairs(rows):
    labels, scores, patients = arrays(rows)
    assume(enough(labels, patients))
    found = delong(labels, scores=scores[None], patients=patients)
    assert found.auc[0] == pytest.approx(auc(labels, scores=scores), abs=1e-12)
    expected = brute_variance(labels, scores, patients)
    assert found.covariance[0, 0] == pytest.approx(expected, abs=1e-12)
    assert found.covariance[0, 0] >= -1e-15


@given(clustered)
def test_one_scan_a_patient_gives_plain_delong(rows):
    labels, scores, _ = arrays(rows)
    patients = np.arange(len(labels))[::-1]
    assume(enough(labels, patients))
    _, ten, one = brute_components(labels, scores)
    plain = ten.var(ddof=1) / len(ten) + one.var(ddof=1) / len(one)
    found = delong(labels, scores=scores[None], patients=patients)
    assert found.covariance[0, 0] == pytest.approx(plain, abs=1e-12)


@given(clustered, st.integers(2, 4))
def test_copies_of_scans_within_patients_change_nothing(rows, copies):
    labels, scores, patients = arrays(rows)
    assume(enough(labels, patients))
    single = delong(labels, scores=scores[None], patients=patients)
    copied = [np.tile(values, copies) for values in (labels, scores, patients)]
    several = delong(copied[0], scores=copied[1][None], patients=copied[2])
    assert several.covariance[0, 0] == pytest.approx(single.covariance[0, 0], abs=1e-12)
    assert several.n_pairs == single.n_pairs


def test_ignoring_the_patients_of_copies_understates_the_error(dice):
    labels = np.tile([0, 1], 30)
    scores = dice.normal(labels)
    labels, scores = np.tile(labels, 3), np.tile(scores, 3)
    as_scans = delong(labels, scores=scores[None], patients=np.arange(180))
    as_patients = delong(labels, scores=scores[None], patients=np.tile(np.arange(60), 3))
    ratio = standard_error(as_patients) / standard_error(as_scans)
    assert ratio == pytest.approx(3**0.5, rel=0.05)


def coverage(draw, truth, *, repeats, interval):
    covered = 0
    for _ in range(repeats):
        labels, scores, patients = draw()
        low, high = interval(delong(labels, scores=scores[None], patients=patients))[:2]
        covered += low <= truth <= high
    return covered / repeats


def logit(found):
    return auc_interval(found, confidence=0.95)


def plain(found):
    half = 1.959964 * (standard_error(found) or 0.0)
    return found.auc[0] - half, found.auc[0] + half


def test_intervals_cover_the_truth_as_often_as_they_say(dice):
    labels = np.repeat([0, 1], [60, 40])

    def draw():
        return labels, dice.normal(labels * 1.0), np.arange(100)

    truth = norm.cdf(1 / 2**0.5)
    # 3 standard deviations of a share of 1,000 at 0.95 are 0.021
    assert coverage(draw, truth, repeats=1000, interval=logit) == pytest.approx(0.95, abs=0.025)


def test_clustered_intervals_cover_the_truth_where_scan_intervals_do_not(dice):
    labels = np.repeat(np.repeat([0, 1], 40), 4)
    patients = np.repeat(np.arange(80), 4)

    def draw():
        return (
            labels,
            labels + dice.normal(size=80)[patients] + 0.5 * dice.normal(size=320),
            patients,
        )

    def as_scans():
        return *draw()[:2], np.arange(320)

    truth = norm.cdf(1 / (2 * 1.25) ** 0.5)
    assert coverage(draw, truth, repeats=600, interval=logit) == pytest.approx(0.95, abs=0.035)
    assert coverage(as_scans, truth, repeats=300, interval=logit) < 0.85


def test_the_logit_scale_covers_better_for_a_high_auc_of_few_patients(dice):
    labels = np.repeat([0, 1], [20, 15])
    shift = norm.ppf(0.95) * 2**0.5

    def draw():
        return labels, dice.normal(labels * shift), np.arange(35)

    on_logit = coverage(draw, 0.95, repeats=800, interval=logit)
    on_plain = coverage(draw, 0.95, repeats=800, interval=plain)
    assert on_plain < 0.93 < on_logit


def test_perfect_separation_has_an_honest_width():
    labels = np.repeat([0, 1], [30, 12])
    found = delong(labels, scores=labels[None] * 1.0, patients=np.arange(42))
    assert standard_error(found) is None
    low, high, method = auc_interval(found, confidence=0.95)
    assert (low, high) == (pytest.approx(12 / (12 + z_value(0.95) ** 2)), 1.0)
    assert method == "Wilson on 12 disjoint patient pairs: no variance"


@pytest.mark.parametrize(
    ("labels", "scores", "patients", "area"),
    [
        ([0, 0, 1, 1], [0.9, 0.8, 0.1, 0.2], [0, 1, 2, 3], 0.0),
        ([0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5], [0, 1, 2, 3], 0.5),
        ([0, 0, 1], [0.1, 0.5, 0.3], [0, 1, 2], 0.5),
        ([0, 1, 1], [0.2, 0.1, 0.3], [0, 0, 0], 0.5),
    ],
)
def test_without_a_variance_the_interval_still_holds_the_area(labels, scores, patients, area):
    found = delong(np.array(labels), scores=np.array([scores]), patients=np.array(patients))
    low, high, _ = auc_interval(found, confidence=0.95)
    assert found.auc[0] == area
    assert 0 <= low <= area <= high <= 1
    assert high - low > 0.3


@given(clustered)
def test_intervals_stay_within_zero_and_one_and_hold_the_area(rows):
    labels, scores, patients = arrays(rows)
    found = delong(labels, scores=scores[None], patients=patients)
    low, high, _ = auc_interval(found, confidence=0.9)
    assert 0 <= low <= found.auc[0] <= high <= 1
    assert low < high


@given(st.integers(1, 60), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_that_of_statsmodels(n, data, confidence):
    hits = data.draw(st.integers(0, n))
    found = wilson(hits / n, n=n, confidence=confidence)
    expected = proportion_confint(hits, n, alpha=1 - confidence, method="wilson")
    assert found[:2] == pytest.approx(expected, abs=1e-12)


def test_z_value():
    assert z_value(0.95) == pytest.approx(norm.ppf(0.975), abs=1e-12)


@given(clustered, st.integers(0, 3))
def test_resamples_keep_the_size_of_each_stratum(rows, seed):
    labels, _, patients = arrays(rows)
    draws = resample(labels, patients=patients, n=40, seed=seed)
    names = np.unique(patients)
    assert draws.weights.shape == (40, len(names))
    assert list(names[draws.patient]) == list(patients)
    held = [tuple(sorted(set(labels[patients == name]))) for name in names]
    for kind in set(held):
        members = [column for column, found in enumerate(held) if found == kind]
        assert (draws.weights[:, members].sum(axis=1) == len(members)).all()


def test_resamples_follow_their_seed():
    labels, patients = np.tile([0, 1], 10), np.arange(20)
    first, again, other = (
        resample(labels, patients=patients, n=50, seed=seed).weights for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_every_patient_is_drawn_once_on_average():
    labels = np.repeat([0, 1], [14, 6])
    weights = resample(labels, patients=np.arange(20), n=4000, seed=0).weights
    assert weights.mean(axis=0) == pytest.approx(np.ones(20), abs=0.08)
    sizes = np.repeat([14, 6], [14, 6])
    assert weights.var(axis=0) == pytest.approx(1 - 1 / sizes, abs=0.12)


@given(clustered)
def test_resampled_values_are_those_of_repeated_rows(rows):
    labels, scores, patients = arrays(rows)
    draws = resample(labels, patients=patients, n=6, seed=3)
    areas = resampled_auc(labels, scores=scores, draws=draws)
    shares = resampled_shares(labels, calls=scores >= 0.3, draws=draws)
    for number, weights in enumerate(draws.weights):
        times = weights[draws.patient]
        y, s = np.repeat(labels, times), np.repeat(scores, times)
        assert areas[number] == pytest.approx(auc(y, scores=s), abs=1e-12)
        right = (s >= 0.3) == (y == 1)
        assert shares.accuracy[number] == pytest.approx(right.mean())
        assert shares.sensitivity[number] == pytest.approx(right[y == 1].mean())
        assert shares.specificity[number] == pytest.approx(right[y == 0].mean())


def test_blocks_of_resamples_change_nothing(dice, monkeypatch):
    labels, scores = dice.integers(0, 2, 50), dice.normal(size=50).round(1)

    def all_of_them():
        draws = resample(labels, patients=np.arange(50), n=30, seed=0)
        areas = resampled_auc(labels, scores=scores, draws=draws)
        shares = resampled_shares(labels, calls=scores > 0, draws=draws)
        return np.column_stack([draws.weights, areas, *shares])

    whole = all_of_them()
    for block in (120, 1):  # a few resamples at once, and one by one
        monkeypatch.setattr(intervals, "_BLOCK", block)
        assert (all_of_them() == whole).all()


def test_a_seed_draws_each_stratum_as_one_table_of_members(monkeypatch):
    """What a seed has drawn so far it draws for ever, however memory is saved."""
    labels = np.repeat([0, 1], [31, 12])
    stream = np.random.default_rng(7)
    tables = [stream.integers(size, size=(20, size)) for size in (31, 12)]
    expected = [[np.bincount(row, minlength=one.shape[1]) for row in one] for one in tables]
    monkeypatch.setattr(intervals, "_BLOCK", 100)
    weights = resample(labels, patients=np.arange(43), n=20, seed=7).weights
    assert (weights == np.hstack(expected)).all()


def test_a_resample_without_a_class_fails_visibly():
    labels, scores = np.array([0, 1]), np.array([0.1, 0.9])
    draws = Draws(np.array([[2, 0], [1, 1], [0, 2]], dtype=np.int32), np.array([0, 1]))
    areas = resampled_auc(labels, scores=scores, draws=draws)
    assert np.isnan(areas).tolist() == [True, False, True]
    shares = resampled_shares(labels, calls=scores > 0.5, draws=draws)
    assert np.isnan(shares.sensitivity).tolist() == [True, False, False]
    assert np.isnan(shares.specificity).tolist() == [False, False, True]


def test_bootstrap_and_delong_agree_on_clustered_scans(dice):
    patients = np.repeat(np.arange(120), 3)
    labels = (patients % 3 == 0).astype(np.int64)
    scores = labels + dice.normal(size=120)[patients] + dice.normal(size=360)
    draws = resample(labels, patients=patients, n=2000, seed=0)
    spread = resampled_auc(labels, scores=scores, draws=draws).std()
    error = standard_error(delong(labels, scores=scores[None], patients=patients))
    assert spread == pytest.approx(error, rel=0.1)


def test_percentile_interval():
    values = np.append(np.linspace(0, 1, 1001), np.nan)
    low, high, method = percentile_interval(values, confidence=0.9)
    assert (low, high) == (pytest.approx(0.05), pytest.approx(0.95))
    assert method == "bootstrap of patients, 1001 resamples"
    assert percentile_interval(np.full(10, np.nan), confidence=0.9) is None
    assert percentile_interval(np.ones(10), confidence=0.9) is None


@pytest.mark.parametrize(("n_patients", "limit_s"), [(20, 0.3), (1000, 3.0)])
def test_two_thousand_resamples_are_quick(dice, n_patients, limit_s):
    labels, patients = dice.integers(0, 2, n_patients), np.arange(n_patients)
    scores = dice.normal(labels)
    start = time.process_time()
    draws = resample(labels, patients=patients, n=2000, seed=0)
    resampled_auc(labels, scores=scores, draws=draws)
    resampled_shares(labels, calls=scores > 0, draws=draws)
    assert time.process_time() - start < limit_s
