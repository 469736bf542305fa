"""mrmc: covariances equal the jackknife's; the test has its level for random readers and cases."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from elsewhere.scores import mrmc
from elsewhere.scores.mrmc import Quantity


def study(seed: int, readers: int = 4, patients: int = 60) -> tuple[np.ndarray, ...]:
    """Return labels, calls [1 + readers, scans] and patients; every third patient has two scans."""
    rng = np.random.default_rng(seed)
    patient = np.concatenate([np.arange(patients), np.arange(0, patients, 3)])
    labels = (patient % 2).astype(np.int64)
    difficulty = rng.normal(0, 1, patients)[patient]
    skill = rng.normal(1, 0.4, 1 + readers)[:, None]
    signal = (2 * labels - 1) * skill + difficulty + rng.normal(0, 1, (1 + readers, len(patient)))
    return labels, signal > 0, patient


def test_the_covariance_of_a_share_is_the_jackknifes_where_each_patient_has_one_scan() -> None:
    labels, calls, patients = study(0)
    calls, labels, patients = calls[:, :60], labels[:60], patients[:60]
    found = mrmc.shares(calls, among=labels == 1, patients=patients, what="positive")
    chosen = calls[:, labels == 1].astype(float)
    n = chosen.shape[1]
    left_out = np.array([np.delete(chosen, i, axis=1).mean(axis=1) for i in range(n)])
    centred = left_out - left_out.mean(axis=0)
    assert found.covariance is not None
    np.testing.assert_allclose(found.covariance, (n - 1) / n * centred.T @ centred, atol=1e-15)
    np.testing.assert_allclose(found.values, chosen.mean(axis=1))


def test_two_copies_of_every_scan_of_a_patient_say_nothing_new() -> None:
    labels, calls, patients = study(1)
    calls, labels, patients = calls[:, :60], labels[:60], patients[:60]
    once = mrmc.shares(calls, among=labels == 1, patients=patients, what="positive")
    twice = mrmc.shares(
        np.tile(calls, 2), among=np.tile(labels == 1, 2), patients=np.tile(patients, 2), what=""
    )
    assert once.covariance is not None
    assert twice.covariance is not None
    np.testing.assert_allclose(once.covariance, twice.covariance)


def test_the_area_of_a_yes_or_no_is_the_mean_of_sensitivity_and_specificity() -> None:
    labels, calls, patients = study(2)
    area = mrmc.areas(labels, calls=calls, patients=patients)
    positive = mrmc.shares(calls, among=labels == 1, patients=patients, what="positive")
    negative = mrmc.shares(~calls, among=labels == 0, patients=patients, what="negative")
    np.testing.assert_allclose(area.values, (positive.values + negative.values) / 2)
    np.testing.assert_allclose(area.values, [roc_auc_score(labels, row) for row in calls])
    assert area.covariance is not None
    assert positive.covariance is not None
    assert negative.covariance is not None
    expected = (positive.covariance + negative.covariance) / 4
    np.testing.assert_allclose(area.covariance, expected, rtol=1e-10)


def test_without_any_variance_over_scans_it_is_the_t_test_of_the_readers() -> None:
    values = np.array([0.97, 0.875, 0.9, 0.55, 0.8, 0.68, 0.93])  # C-29, C-30
    quantity = Quantity(values, np.zeros((7, 7)), None)
    found = mrmc.average(mrmc.minus_model(quantity), confidence=0.95)
    oracle = stats.ttest_1samp(values[1:] - values[0], 0)
    assert found.mean == pytest.approx((values[1:] - values[0]).mean())
    assert (found.t, found.df, found.p) == pytest.approx((oracle.statistic, 5, oracle.pvalue))
    assert (found.low, found.high) == pytest.approx(oracle.confidence_interval(0.95))
    assert mrmc.average(Quantity(values[1:], np.zeros((6, 6)), None), confidence=0.95).mean == (
        pytest.approx(0.789, abs=5e-4)
    )


def test_a_worked_example() -> None:
    """Three readers: MS = 0.01, c = 0.002 (the mean of 0.001, 0.002 and 0.003)."""
    covariance = np.array([[9, 1, 2], [1, 9, 3], [2, 3, 9]]) / 1000
    found = mrmc.average(Quantity(np.array([0.1, 0.2, 0.3]), covariance, None), confidence=0.9)
    assert found.t == pytest.approx(0.2 / (0.01 / 3 + 0.002) ** 0.5)
    assert found.df == pytest.approx((0.01 + 0.006) ** 2 * 2 / 0.01**2)
    assert found.p == pytest.approx(2 * stats.t.sf(found.t, found.df))
    assert found.high == pytest.approx(0.2 + stats.t.ppf(0.95, found.df) * 0.2 / found.t)


def test_a_difference_has_the_covariance_of_a_difference() -> None:
    labels, calls, patients = study(3)
    right = calls == (labels == 1)
    found = mrmc.minus_model(
        mrmc.shares(right, among=labels == 1, patients=patients, what="positive")
    )
    differences = right[1:].astype(float) - right[0]
    direct = np.array(
        [
            [
                _clustered(first[labels == 1], second[labels == 1], patients[labels == 1])
                for second in differences
            ]
            for first in differences
        ]
    )
    assert found.covariance is not None
    np.testing.assert_allclose(found.covariance, direct, rtol=1e-10)


def _clustered(first: np.ndarray, second: np.ndarray, patients: np.ndarray) -> float:
    """Covariance of two means, by a literal loop over patients."""
    total, ids = 0.0, np.unique(patients)
    for patient in ids:
        of = patients == patient
        total += (first - first.mean())[of].sum() * (second - second.mean())[of].sum()
    return total / len(first) ** 2 * len(ids) / (len(ids) - 1)


def test_readers_like_the_model_are_found_different_as_often_as_alpha_says() -> None:
    rejected = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        # the model's sensitivity is the readers' mean, 0.8; scans are hard or easy for all
        skill = np.append(0, rng.normal(0, 0.3, 5))[:, None]
        shared = rng.normal(0, 0.6, 80)
        right = skill + shared + rng.normal(0, 0.8, (6, 80)) > stats.norm.ppf(0.2)
        quantity = mrmc.shares(
            right, among=np.ones(80, bool), patients=np.arange(80), what="positive"
        )
        found = mrmc.average(mrmc.minus_model(quantity), confidence=0.95)
        assert found.p is not None
        rejected += found.p < 0.05
    assert 0.02 < rejected / 400 < 0.08


@pytest.mark.parametrize(
    ("quantity", "reason"),
    [
        (Quantity(np.array([0.5]), np.zeros((1, 1)), None), "one reader"),
        (Quantity(np.array([0.5, 0.5]), np.zeros((2, 2)), None), "same value"),
        (Quantity(np.array([np.nan, np.nan]), None, "no test scan is positive"), "no test scan"),
        (Quantity(np.array([]), None, None), "no reader"),
    ],
)
def test_what_cannot_be_tested_says_why(quantity: Quantity, reason: str) -> None:
    found = mrmc.average(quantity, confidence=0.95)
    assert found.p is None
    assert reason in str(found.reason)


def test_one_class_has_no_area_and_no_specificity() -> None:
    labels, calls = np.ones(5, np.int64), np.ones((2, 5), bool)
    assert mrmc.areas(labels, calls=calls, patients=np.arange(5)).reason == (
        "all test scans are positive"
    )
    none = mrmc.shares(calls, among=labels == 0, patients=np.arange(5), what="negative")
    assert none.reason == "no test scan is negative"
    assert np.isnan(none.values).all()
