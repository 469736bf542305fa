from __future__ import annotations

import numpy as np
import pytest
from clustered_scans import arrays, clustered
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student
from statsmodels.stats.proportion import proportion_confint

from elsewhere.scores.delong import delong, standard_error
from elsewhere.scores.intervals import (
    auc_interval,
    clopper_pearson,
    newcombe,
    share_interval,
    t_value,
    wilson,
    z_value,
)


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


@given(st.integers(1, 60), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_clopper_and_pearson_is_that_of_statsmodels(n, data, confidence):
    hits = data.draw(st.integers(0, n))
    found = clopper_pearson(hits / n, n=n, confidence=confidence)
    expected = proportion_confint(hits, n, alpha=1 - confidence, method="beta")
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_only_few_patients_widen_the_interval_of_a_share(share):
    plain = wilson(share, n=8.5, confidence=0.95)
    assert share_interval(share, n=8.5, confidence=0.95, scarce=False) == plain
    wider = share_interval(share, n=8.5, confidence=0.95, scarce=True)
    assert wider.low <= plain.low <= share <= plain.high <= wider.high
    assert wider.high - wider.low > plain.high - plain.low


def test_z_value():
    assert z_value(0.95) == pytest.approx(norm.ppf(0.975), abs=1e-12)


@given(st.floats(1, 300), st.sampled_from([0.8, 0.95]))
def test_t_value(df, confidence):
    assert t_value(confidence, df) == pytest.approx(student.ppf((1 + confidence) / 2, df))


def hanley(area, m, n):
    """Hanley and McNeil's variance (1982) with one number of patients in both terms."""
    more = (m + n) / 2 - 1
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    return (area * (1 - area) + more * (first - area**2) + more * (second - area**2)) / (m * n)


@given(
    st.floats(0.0, 1.0), st.integers(1, 60), st.integers(1, 60), st.sampled_from([0.8, 0.95, 0.99])
)
def test_newcombes_limits_are_as_far_as_the_confidence_asks(area, m, n, confidence):
    low, high = newcombe(area, n=(m, n), confidence=confidence)
    assert 0 <= low <= area <= high <= 1
    for limit in (low, high):
        if 1e-9 < limit < 1 - 1e-9:
            far = abs(limit - area) / hanley(limit, m, n) ** 0.5
            assert far == pytest.approx(z_value(confidence), rel=1e-5)
    assert (1 - high, 1 - low) == pytest.approx(
        newcombe(1 - area, n=(m, n), confidence=confidence), abs=1e-7
    )


def test_newcombe_gives_the_numbers_worked_by_hand():
    """From an implementation of its own, to the digits that were noted."""
    low, high = newcombe(1.0, n=(7, 8), confidence=0.95)
    assert (low, high) == (pytest.approx(0.741, abs=5e-4), 1.0)


def separated(m, n, wrong=0):
    """Positives above all negatives, but as many positives below one negative."""
    labels = np.repeat([0, 1], [n, m])
    scores = np.arange(m + n, dtype=np.float64)
    scores[n : n + wrong] = n - 1.5
    return delong(labels, scores=scores[None], patients=np.arange(m + n))


def test_perfect_separation_has_newcombes_interval():
    found = separated(12, 30)
    assert standard_error(found) is None
    low, high, method = auc_interval(found, confidence=0.95)
    assert (low, high) == newcombe(1.0, n=(12, 30), confidence=0.95)
    assert method == "Newcombe 5, 12 and 30 patients: no variance"


@pytest.mark.parametrize(("m", "n"), [(4, 5), (12, 30), (30, 30)])
def test_the_interval_hardly_jumps_where_separation_becomes_perfect(m, n):
    """One scan out of order makes it neither much narrower nor much wider."""
    perfect, near = (auc_interval(separated(m, n, wrong), confidence=0.95) for wrong in (0, 1))
    assert near.low < perfect.low
    assert near.low > perfect.low - 0.12
    assert near.high > 0.98


def test_of_few_patients_each_limit_is_the_farther_one(dice):
    labels = np.repeat([0, 1], [30, 6])
    found = delong(labels, scores=dice.normal(labels)[None], patients=np.arange(36))
    plainly = auc_interval(found, confidence=0.95, few=5)
    both = auc_interval(found, confidence=0.95, few=7)
    outer = newcombe(float(found.auc[0]), n=(6, 30), confidence=0.95)
    assert min(found.n_out_of_order) >= 5
    assert plainly.method == "DeLong, clustered by patient, logit scale"
    assert "Newcombe 5, 6 and 30 patients" in both.method
    assert both.low <= outer[0]
    assert both.high >= outer[1]
    assert both.low == outer[0] or both.high == outer[1]


def test_opposite_scans_within_few_patients_are_not_rewarded():
    """Nine patients of three scans, of which one scores high: once 0.69 (0.59 to 0.77)."""
    patients, labels = np.repeat(np.arange(9), 3), np.repeat([1, 0], [12, 15])
    scores = 10.0 * (np.arange(27) % 3 == 0) + 0.7 * labels + np.arange(27) * 7 % 27 / 27
    found = delong(labels, scores=scores[None], patients=patients)
    low, high, _ = auc_interval(found, confidence=0.95)
    limits = newcombe(float(found.auc[0]), n=(4, 5), confidence=0.95)
    assert low <= limits[0]
    assert high >= limits[1]
