from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from elsewhere.design.arm import Arm
from elsewhere.scores.cell import Predicted
from elsewhere.scores.comparisons import paired
from elsewhere.scores.evidence import APART, INTERNAL, OWN, PAIRED, Evidence, Number

ARMS = {
    "alone": Arm(sites=("a",), method="erm", network="n"),
    "joint": Arm(sites=("a", "b"), method="erm", network="n"),
}
JOINT, ALONE = ("joint", "c", "edema"), ("alone", "c", "edema")
N = 120


def evidence(areas, **options):
    return Evidence(ARMS, areas, 0.95, **options)


def scans(dice, labels, shared, signal):
    score = 1 / (1 + np.exp(-(signal * labels + shared + dice.normal(0, 0.3, len(labels)))))
    frame = pd.DataFrame(
        {
            "scan_id": [f"s{n:03d}" for n in range(len(labels))],
            "patient_id": [f"p{n // 2:03d}" for n in range(len(labels))],
            "label": labels,
            "part": "test",
            "probability_1": score,
        }
    )
    return Predicted(frame, {"status": "ok", "patient_key": "published"})


@pytest.fixture
def predicted(dice):
    labels, shared = np.arange(N) // 3 % 2, dice.normal(size=N)
    return {
        key: scans(dice, labels, shared, signal) for key, signal in ((JOINT, 1.6), (ALONE, 1.2))
    }


@pytest.fixture
def truth(predicted):
    first, second = (predicted[key].frame["probability_1"].to_numpy() for key in (JOINT, ALONE))
    labels = predicted[JOINT].frame["label"].to_numpy()
    patients = np.arange(N) // 2
    return paired(labels, first=first, second=second, patients=patients, confidence=0.95)


@pytest.fixture
def areas(truth):
    return {JOINT: normal(0.85, 0.04), ALONE: normal(0.85 - truth.difference, 0.03)}


def normal(value, error):
    """A number with the interval of a normal estimate."""
    half = stats.norm.ppf(0.975) * error
    return Number(value, value - half, value + half)


def test_external_is_where_no_arm_was_trained():
    places = (INTERNAL, "b", "c", "d")
    found = evidence({("alone", site, "edema"): Number(0.8) for site in places})
    assert found.external == ("c", "d")
    assert found.findings == ("edema",)


def test_arms_on_the_same_scans_are_compared_by_delong(predicted, truth, areas):
    found = evidence(areas, predicted=predicted).compared(JOINT, ALONE)
    assert found.interval == PAIRED
    assert found.value == pytest.approx(truth.difference)
    assert (found.low, found.high) == pytest.approx((truth.low, truth.high))


def test_without_the_same_scans_two_aucs_are_independent(predicted, areas):
    half = stats.norm.ppf(0.975) * 0.05  # of 0.04 and 0.03
    fewer = Predicted(predicted[ALONE].frame.iloc[:60], predicted[ALONE].metadata)
    for given in ({}, {JOINT: predicted[JOINT]}, predicted | {ALONE: fewer}):
        found = evidence(areas, predicted=given).compared(JOINT, ALONE)
        assert found.interval == APART
        assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))


def test_a_missing_number_is_missing(areas):
    found = evidence(areas | {ALONE: Number(None)}).compared(JOINT, ALONE)
    assert found == (None, None, None, "")
    bare = evidence({JOINT: Number(0.9), ALONE: Number(0.8)}).compared(JOINT, ALONE)
    assert bare == (pytest.approx(0.1), None, None, "")
    assert evidence({}).compared(JOINT, None).value is None


def test_one_auc_has_its_own_interval():
    found = evidence({JOINT: Number(0.8, 0.7, 0.9)}).compared(JOINT, None)
    assert found == (0.8, 0.7, 0.9, OWN)
