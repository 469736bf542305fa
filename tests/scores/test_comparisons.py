from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest, norm

from elsewhere.scores.comparisons import paired, unpaired
from elsewhere.scores.discrimination import auc
from elsewhere.scores.intervals import delong, resample, resampled_auc, standard_error


def brute_paired(labels, first, second):
    """DeLong's variance of a difference from the components of all pairs."""
    kernels = [
        (s[labels == 1][:, None] > s[labels == 0])
        + 0.5 * (s[labels == 1][:, None] == s[labels == 0])
        for s in (first, second)
    ]
    difference = kernels[0] - kernels[1]
    ten, one = difference.mean(axis=1), difference.mean(axis=0)
    return difference.mean(), ten.var(ddof=1) / len(ten) + one.var(ddof=1) / len(one)


def models(dice, n=60):
    labels = np.tile([0, 0, 1], n // 3)
    shared = dice.normal(labels)
    return labels, shared + dice.normal(size=n), shared + 2 * dice.normal(size=n)


def test_paired_is_delong_on_all_pairs(dice):
    labels, first, second = models(dice)
    found = paired(labels, first=first, second=second, patients=np.arange(60), confidence=0.95)
    difference, variance = brute_paired(labels, first, second)
    z = difference / variance**0.5
    assert found.difference == pytest.approx(difference)
    assert found.z == pytest.approx(z)
    assert found.p == pytest.approx(2 * norm.sf(abs(z)))
    assert found.high - found.low == pytest.approx(2 * norm.ppf(0.975) * variance**0.5)


def test_paired_p_is_uniform_when_the_models_are_equally_good(dice):
    labels, patients = np.tile([0, 0, 1], 30), np.arange(90)
    values = []
    for _ in range(300):
        shared = dice.normal(labels)
        first, second = (shared + dice.normal(size=90) for _ in range(2))
        values.append(
            paired(labels, first=first, second=second, patients=patients, confidence=0.95).p
        )
    assert kstest(values, "uniform").pvalue > 0.01


def test_paired_counts_patients_not_scans(dice):
    labels, first, second = models(dice)
    copies = [np.tile(values, 3) for values in (labels, first, second, np.arange(60))]
    single = paired(labels, first=first, second=second, patients=np.arange(60), confidence=0.95)
    several = paired(
        copies[0], first=copies[1], second=copies[2], patients=copies[3], confidence=0.95
    )
    assert several.p == pytest.approx(single.p)


def test_paired_error_is_that_of_the_paired_bootstrap(dice):
    labels, first, second = models(dice, n=150)
    patients = np.arange(150) // 2
    draws = resample(labels, patients=patients, n=2000, seed=0)
    spread = np.std(
        resampled_auc(labels, scores=first, draws=draws)
        - resampled_auc(labels, scores=second, draws=draws)
    )
    found = paired(labels, first=first, second=second, patients=patients, confidence=0.95)
    assert found.difference / found.z == pytest.approx(spread, rel=0.12)


def test_a_model_does_not_differ_from_itself(dice):
    labels, first, _ = models(dice)
    found = paired(labels, first=first, second=first, patients=np.arange(60), confidence=0.95)
    assert found[:5] == (0.0, None, None, None, None)
    assert found.reason == "the difference has no variance"


def test_one_patient_of_a_class_allows_no_test():
    found = paired(
        np.array([0, 0, 1]),
        first=np.array([0.1, 0.2, 0.3]),
        second=np.array([0.1, 0.4, 0.3]),
        patients=np.arange(3),
        confidence=0.95,
    )
    assert found.difference == 0.5
    assert found.p is None
    assert found.reason == "a class has fewer than two patients"


def test_unpaired_adds_the_variances():
    found = unpaired((0.9, 0.03), second=(0.6, 0.04), confidence=0.9)
    assert found.z == pytest.approx(0.3 / 0.05)
    assert found.p == pytest.approx(2 * norm.sf(6), rel=1e-9)
    assert (found.low, found.high) == pytest.approx(norm.interval(0.9, 0.3, 0.05))
    mirrored = unpaired((0.6, 0.04), second=(0.9, 0.03), confidence=0.9)
    assert (mirrored.z, mirrored.p) == (-found.z, found.p)


def test_unpaired_p_is_uniform_on_sites_of_equal_auc(dice):
    values = []
    for _ in range(300):
        sites = []
        for n in (60, 120):
            labels = np.tile([0, 1], n // 2)
            scores = dice.normal(labels)
            error = standard_error(delong(labels, scores=scores[None], patients=np.arange(n)))
            sites.append((auc(labels, scores=scores), error))
        values.append(unpaired(sites[0], second=sites[1], confidence=0.95).p)
    assert kstest(values, "uniform").pvalue > 0.01


def test_unpaired_without_variance_says_so():
    assert unpaired((1.0, 0.0), second=(0.5, 0.0), confidence=0.95).reason is not None
