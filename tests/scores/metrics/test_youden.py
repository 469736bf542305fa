from __future__ import annotations

import numpy as np
import pytest

from elsewhere.design.scoring import Scoring
from elsewhere.scores.metric import Judged, Sample
from elsewhere.scores.metrics.youden import Youden

SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=400, seed=0)


def youden(labels, calls, patients=None):
    labels, calls = np.asarray(labels, dtype=np.int64), np.asarray(calls, dtype=np.bool_)
    patients = np.arange(len(labels)) if patients is None else patients
    sample = Sample(Judged(labels, calls.astype(float), calls, patients, ()), SCORING)
    return Youden().measure(sample)


def test_calls_at_random_are_0_and_faultless_ones_1():
    assert youden([0, 0, 1, 1], [0, 1, 0, 1]).value == 0
    assert youden([0, 0, 1, 1], [0, 0, 1, 1]).value == 1
    assert youden([0, 0, 1, 1], [1, 1, 0, 0]).value == -1


def test_faultless_calls_of_few_patients_have_a_wide_interval():
    found = youden([0, 0, 1, 1], [0, 0, 1, 1]).intervals[""]
    assert found.low < 0.1
    assert found.high == 1.0


@pytest.mark.parametrize(("label", "why"), [(1, "negative"), (0, "positive")])
def test_one_class_has_no_index(label, why):
    found = youden([label] * 5, [1, 0, 1, 0, 1])
    assert (found.value, found.reason) == (None, f"no test scan is {why}")


def test_scans_of_one_patient_widen_the_interval():
    """The same scans as 80 patients, and as 8 patients whose scans are all alike."""
    labels = np.repeat([0, 1], 40)
    calls = np.tile(np.repeat([0, 1, 1, 1], 10), 2) ^ np.repeat([1, 0], 40)
    alone = youden(labels, calls).intervals[""]
    together = youden(labels, calls, np.repeat(np.arange(8), 10)).intervals[""]
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_the_interval_is_near_that_of_two_binomials():
    """Variance of J: that of sensitivity plus that of specificity (Youden 1950)."""
    labels = np.repeat([0, 1], 200)
    calls = np.concatenate([np.arange(200) < 50, np.arange(200) < 160])
    interval = youden(labels, calls).intervals[""]
    half = 1.96 * np.sqrt(0.25 * 0.75 / 200 + 0.8 * 0.2 / 200)
    assert (interval.high - interval.low) / 2 == pytest.approx(half, rel=0.15)
