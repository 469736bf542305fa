from __future__ import annotations

import numpy as np
import pytest

from elsewhere.design.scoring import Scoring
from elsewhere.scores.logits import Recalibration as Map
from elsewhere.scores.metric import Judged, Sample
from elsewhere.scores.metrics.recalibration import OF_FOLDS, Recalibration
from elsewhere.scores.thresholds import Scored

SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=50, seed=0)


def scans(n, seed, spoilt):
    """Scans that are calibrated, but for a map of their logits."""
    dice = np.random.default_rng(seed)
    right = dice.beta(1.5, 2, n)
    labels = (dice.random(n) < right).astype(int)
    return Scored(labels, spoilt.apply(right), np.arange(n))


def measured(test, local):
    judged = Judged(test.labels, test.scores, test.scores >= 0.5, test.patients, (), local=local)
    return Recalibration().measure(Sample(judged, SCORING))


def test_recalibration_undoes_what_was_done_to_the_probabilities():
    spoilt = Map(0.8, 2.0)
    found = measured(scans(3000, 0, spoilt), scans(20_000, 1, spoilt)).more["recalibration_all"]
    after = found["logistic"]
    # the inverse of 0.8 + 2 x is -0.4 + 0.5 x
    assert after["fit"] == pytest.approx({"intercept": -0.4, "slope": 0.5}, abs=0.05)
    assert after["slope_low"] < 1 < after["slope_high"]
    assert after["intercept"] == pytest.approx(0, abs=0.15)
    # an intercept alone leaves the slope as it was
    assert found["intercept"]["slope_high"] < 0.7
    assert found["intercept"]["fit"]["slope"] == 1
    assert after["brier"] < found["intercept"]["brier"]


def test_a_temperature_undoes_a_slope():
    spoilt = Map(0.0, 3.0)
    found = measured(scans(3000, 0, spoilt), scans(3000, 1, spoilt)).more["recalibration_all"]
    assert found["temperature"]["fit"]["slope"] == pytest.approx(1 / 3, abs=0.03)
    assert found["temperature"]["n_patients"] == 3000


def test_without_validation_scans_every_way_says_so():
    found = measured(scans(50, 0, Map(0.0, 1.0)), None)
    assert set(found.reasons.values()) == {OF_FOLDS}
    assert {way["reason"] for way in found.more["recalibration_all"].values()} == {OF_FOLDS}


def test_too_few_validation_patients_are_the_reason_why_not():
    few = scans(6, 3, Map(0.0, 1.0))
    found = measured(scans(50, 0, Map(0.0, 1.0)), few)
    for reason in found.reasons.values():
        assert reason.startswith("validation part of the test site: too few patients")
