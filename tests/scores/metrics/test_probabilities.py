from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from elsewhere.design.scoring import Scoring
from elsewhere.scores.metric import Judged, Sample
from elsewhere.scores.metrics.probabilities import Probabilities

SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=1, seed=0)


def measured(labels, scores, patients=None):
    labels, scores = np.array(labels), np.array(scores)
    patients = np.arange(len(labels)) if patients is None else patients
    judged = Judged(labels, scores, scores >= 0.5, patients, ())
    return Probabilities().measure(Sample(judged, SCORING))


def test_histograms_count_every_scan_once():
    found = measured([0, 0, 1, 1, 1], [0.0, 0.049, 0.05, 0.999, 1.0])
    histogram = found.more["probabilities_histogram"]
    assert histogram["negative"] == [2] + [0] * 19
    assert histogram["positive"] == [0, 1] + [0] * 17 + [2]


def test_the_difference_of_means_has_nearly_welch_s_error():
    dice = np.random.default_rng(0)
    labels = np.repeat([0, 1], [60, 40])
    scores = np.clip(dice.normal(0.4 + 0.2 * labels, 0.1), 0, 1)
    found = measured(labels, scores)
    welch = stats.ttest_ind(scores[labels == 1], scores[labels == 0], equal_var=False)
    expected = welch.confidence_interval()
    interval = found.intervals["_difference"]
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=2e-3)


def test_one_class_has_a_mean_and_no_difference():
    found = measured([1] * 6, [0.2, 0.3, 0.5, 0.6, 0.7, 0.9])
    assert found.more["probabilities_positive"] == pytest.approx(3.2 / 6)
    assert found.reasons["_negative"] == "no test scan is negative"
    assert found.reasons["_difference"] == "all scans are positive"


def test_scans_of_one_patient_widen_the_interval_of_a_mean():
    scores = np.repeat([0.2, 0.4, 0.6, 0.7, 0.9], 8)
    widths = []
    for patients in (np.arange(40), np.repeat(np.arange(5), 8)):
        interval = measured([1] * 40, scores, patients).intervals["_positive"]
        widths.append(interval.high - interval.low)
    assert widths[1] > 2 * widths[0]


def test_saturated_probabilities_of_few_patients_are_not_known_to_the_last_digit():
    """7 and 8 patients at 0.98 and 0.02: Wilson's limits of the shares by hand, Newcombe's sum."""
    labels = np.repeat([0, 1], [8, 7])
    found = measured(labels, np.where(labels == 1, 0.98, 0.02) + np.linspace(0, 1e-6, 15))
    z = stats.norm.ppf(0.975)

    def limits(p, n):
        centre, half = p + z**2 / (2 * n), z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
        return (centre - half) / (1 + z**2 / n), min(1, (centre + half) / (1 + z**2 / n))

    (low, _), (_, high) = limits(0.98, 7), limits(0.02, 8)
    interval = found.intervals["_difference"]
    below = 0.96 - np.hypot(0.98 - low, high - 0.02)
    assert found.more["probabilities_difference"] == pytest.approx(0.96, abs=1e-5)
    assert interval.low == pytest.approx(below, abs=1e-4)
    assert below < 0.6
    assert "farther" in interval.method
    assert found.intervals["_positive"].low == pytest.approx(low, abs=1e-4)
    assert interval.high <= 1


def test_probabilities_of_0_and_1_have_an_interval():
    found = measured([0, 0, 1, 1], [0.0, 0.0, 1.0, 1.0])
    assert found.more["probabilities_difference"] == 1
    assert found.intervals["_difference"].low < 0.5
    assert found.intervals["_difference"].high == 1


def test_a_model_that_says_0_9_for_all_has_no_interval():
    found = measured([0, 0, 1, 1], [0.9] * 4)
    assert found.reasons["_difference"].startswith("no interval")
