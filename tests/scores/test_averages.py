"""averages: means of independent sites against normal theory, closed forms and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from elsewhere.design.scoring import STANDARD
from elsewhere.scores.averages import Average, average, mean, numbers
from elsewhere.scores.intervals import wilson, z_value
from elsewhere.scores.matrix import numbers as columns


def normal(value, error):
    half = z_value(0.95) * error
    return Average(value, value - half, value + half)


def test_symmetric_limits_give_the_interval_of_added_variances():
    found = average([normal(0.7, 0.03), normal(0.8, 0.04), normal(0.6, 0.12)])
    half = z_value(0.95) * np.sqrt(0.03**2 + 0.04**2 + 0.12**2) / 3
    assert found == pytest.approx((0.7, 0.7 - half, 0.7 + half))


def test_one_site_is_its_own_average():
    assert average([Average(0.9, 0.6, 0.95)]) == pytest.approx((0.9, 0.6, 0.95))


def test_limits_of_shares_stay_within_0_and_1():
    found = average([Average(1.0, 0.7, 1.0), Average(1.0, 0.5, 1.0)])
    assert found.value == found.high == 1
    assert 0.5 < found.low < 1


def test_what_one_site_lacks_has_no_average():
    assert average([Average(0.9, 0.8, 1.0), Average(None)]) == (None, None, None)
    assert average([Average(0.9, 0.8, 1.0), Average(0.7)]) == (pytest.approx(0.8), None, None)
    assert average([]) == (None, None, None)
    assert mean([0.2, None]) is None


def test_the_interval_covers_as_often_as_it_says():
    """Mean of three shares of 40, 60 and 25 patients, with Wilson's limits each."""
    dice, sizes, truth = np.random.default_rng(4), (40, 60, 25), np.array([0.9, 0.7, 0.5])
    hits = 0
    for _ in range(2000):
        shares = [dice.binomial(n, p) / n for n, p in zip(sizes, truth, strict=True)]
        limits = [
            Average(share, *wilson(share, n=n, confidence=0.95)[:2])
            for share, n in zip(shares, sizes, strict=True)
        ]
        found = average(limits)
        hits += found.low <= truth.mean() <= found.high
    assert stats.binomtest(hits, 2000, 0.95).pvalue > 1e-4


def row(auc, *, threshold=0.5, **more):
    found = dict.fromkeys(columns(STANDARD)) | {"n_patients": 4, "n_scans": 6, "n_positive": 3}
    ends = {"auc_low": None if auc is None else auc - 0.1, "auc_high": auc and auc + 0.1}
    return found | {"auc": auc, "threshold": threshold} | ends | more


def test_a_row_sums_counts_and_averages_every_metric_under_its_own_name():
    sites = [row(0.6, accuracy=0.5, f1=0.2, auc_mc_sd=0.1), row(0.8, accuracy=0.9, f1=0.4)]
    found = numbers(sites, metrics=STANDARD)
    assert {*columns(STANDARD), "fold", "seed", "status"} <= {*found}
    assert (found["n_patients"], found["n_scans"], found["n_positive"]) == (8, 12, 6)
    assert found["auc"] == pytest.approx(0.7)
    assert found["auc_high"] - found["auc"] == pytest.approx(0.1 / 2**0.5)
    assert (found["accuracy"], found["accuracy_low"]) == (pytest.approx(0.7), None)
    assert found["f1"] == pytest.approx(0.3)
    assert found["auc_mc_sd"] is None
    assert (found["threshold"], found["status"], found["fold"]) == (0.5, "ok", "pooled")


def test_a_site_without_an_auc_or_patient_keys_is_not_passed_over():
    found = numbers([row(0.6), row(None, n_patients=None, threshold=0.4)], metrics=STANDARD)
    assert (found["auc"], found["status"], found["n_patients"]) == (None, "undefined", None)
    assert (found["threshold"], found["n_scans"]) == (None, 12)


def test_without_sites_it_was_not_run():
    assert numbers([], metrics=STANDARD)["status"] == "not run"
