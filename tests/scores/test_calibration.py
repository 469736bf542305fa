"""calibration: against R (glm, sandwich, rms), closed forms and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from elsewhere.scores.calibration import (
    WAYS,
    intercept,
    observed_expected,
    recalibration,
    separated,
    slope,
)
from elsewhere.scores.logits import Recalibration, logits

# 16 scans of 10 patients; R 4.2: glm, sandwich::vcovCL(type = "HC0", cadjust = TRUE), rms::val.prob
SCORES = np.array(
    [0.05, 0.10, 0.15, 0.20, 0.30, 0.30, 0.40, 0.45, 0.55, 0.60, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95]
)
LABELS = np.array([0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1])
PATIENTS = np.array([1, 1, 2, 3, 2, 4, 5, 4, 6, 7, 7, 6, 8, 8, 9, 10])
K = {"scores": SCORES, "patients": PATIENTS}


def many(n=4000, seed=1):
    """Labels drawn with the probabilities of a logistic model, a patient each."""
    dice = np.random.default_rng(seed)
    scores = 1 / (1 + np.exp(-dice.normal(-0.5, 1.5, n)))
    return (dice.random(n) < scores).astype(int), {"scores": scores, "patients": np.arange(n)}


def test_calibration_in_the_large_is_that_of_r():
    found = intercept(LABELS, **K, least=2)
    assert found.value == pytest.approx(-0.018921, abs=1e-6)
    assert found.error == pytest.approx(0.806533, abs=1e-6)
    assert found.n_patients == 8, "twice the four with a negative scan"


def test_the_slope_is_that_of_r():
    found = slope(LABELS, **K, least=2)
    assert found.value == pytest.approx(1.071140, abs=1e-6)
    # both stop their iterations earlier: R prints 0.535066, statsmodels by default 0.535133
    assert found.error == pytest.approx(0.535133, abs=2e-6)
    assert found.error == pytest.approx(_sandwich(-0.020436, 1.071140), abs=1e-6)


def _sandwich(at_0, of_logit):
    """The standard error of the slope, written out: bread x sums over patients squared x bread."""
    design = np.stack([np.ones(16), np.log(SCORES / (1 - SCORES))], axis=1)
    fitted = 1 / (1 + np.exp(-design @ [at_0, of_logit]))
    bread = np.linalg.inv(design.T @ (design * (fitted * (1 - fitted))[:, None]))
    sums = np.stack(
        [
            ((LABELS - fitted)[:, None] * design)[of].sum(0)
            for of in np.arange(1, 11)[:, None] == PATIENTS
        ]
    )
    return float(np.sqrt(10 / 9 * (bread @ sums.T @ sums @ bread)[1, 1]))


def test_observed_over_expected_is_that_of_r():
    found = observed_expected(LABELS, **K)
    assert found.value == pytest.approx(0.993789, abs=1e-6)


def test_the_error_of_observed_over_expected_is_that_of_leaving_out_each_patient():
    labels, given = many(400)
    left_out = np.arange(400)[:, None] != np.arange(400)
    ratios = (left_out @ labels) / (left_out @ given["scores"])
    jackknife = np.sqrt(399 / 400 * np.sum((ratios - ratios.mean()) ** 2))
    assert observed_expected(labels, **given).error == pytest.approx(jackknife, rel=0.02)


def test_a_well_calibrated_model_has_intercept_0_slope_1_and_ratio_1():
    labels, given = many()
    for found, truth in (
        (intercept(labels, **given), 0),
        (slope(labels, **given), 1),
        (observed_expected(labels, **given), 1),
    ):
        assert abs(found.value - truth) < 3 * found.error
        assert found.error < 0.1


def test_too_extreme_probabilities_have_a_slope_below_1_and_shifted_ones_an_intercept():
    labels, given = many()
    extreme = Recalibration(0, 2).apply(given["scores"])
    expected = slope(labels, **given).value / 2
    found = slope(labels, scores=extreme, patients=given["patients"])
    assert found.value == pytest.approx(expected, rel=1e-3)  # logits beyond the edge are cut off
    shifted = Recalibration(1, 1).apply(given["scores"])
    found = intercept(labels, scores=shifted, patients=given["patients"])
    assert found.value == pytest.approx(intercept(labels, **given).value - 1, rel=1e-6)


@pytest.mark.parametrize(
    ("labels", "scores", "why"),
    [
        ([0] * 6, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], "all scans are negative"),
        ([1] * 6, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], "all scans are positive"),
        ([0, 0, 0, 0, 0, 1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], "too few patients: 1 with positive"),
        ([], [], "there are no scans"),
    ],
)
def test_one_class_and_too_few_patients_are_undefined_with_the_reason(labels, scores, why):
    given = {"scores": np.array(scores), "patients": np.arange(len(labels))}
    for found in (intercept(np.array(labels), **given), slope(np.array(labels), **given)):
        assert found.value is None
        assert found.error is None
        assert found.reason.startswith(why)


@pytest.mark.parametrize(
    "scores",
    [
        [0.1, 0.2, 0.3, 0.7, 0.8, 0.9],  # the classes lie apart
        [0.9, 0.8, 0.7, 0.3, 0.2, 0.1],  # apart the wrong way round
        [0.1, 0.2, 0.5, 0.5, 0.8, 0.9],  # they touch: the slope still grows without end
        [0.4] * 6,
    ],
)
def test_separation_has_no_slope_but_an_intercept(scores):
    labels, given = np.array([0, 0, 0, 1, 1, 1]), {"patients": np.arange(6), "least": 3}
    found = slope(labels, scores=np.array(scores), **given)
    assert found.value is None
    assert "separation" in found.reason or "equal" in found.reason
    assert intercept(labels, scores=np.array(scores), **given).value is not None


def test_classes_that_overlap_in_one_scan_have_a_finite_slope():
    """The condition is exact: one pair out of order is enough."""
    labels = np.array([0, 0, 1, 0, 1, 1])
    scores = np.array([0.1, 0.2, 0.49, 0.51, 0.8, 0.9])
    assert separated(labels, scores=scores) is None
    found = slope(labels, scores=scores, patients=np.arange(6), least=3)
    free = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
    expected = free.fit(logits(scores)[:, None], labels).coef_[0, 0]
    assert found.value == pytest.approx(expected, rel=1e-4)


def test_an_intercept_is_found_where_logits_are_extreme_and_wrong():
    """Newton's steps from 0 overshoot here; the sum of probabilities must be that of labels."""
    labels = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 1])
    scores = np.array([0, 0, 1e-5, 0, 1e-5, 0, 0.999999, 0, 0, 1e-4])
    found = intercept(labels, scores=scores, patients=np.arange(10), least=2)
    after = Recalibration(found.value, 1).apply(scores)
    assert after.sum() == pytest.approx(5, abs=1e-6)
    assert found.error > 0


@pytest.mark.parametrize("how", WAYS)
def test_recalibrated_scans_have_what_the_recalibration_fits(how):
    """On the scans that it was fitted to: intercept 0; slope 1; a temperature of 1."""
    fit, reason = recalibration(LABELS, **K, how=how, least=2)
    assert reason is None
    after = {"scores": fit.apply(SCORES), "patients": PATIENTS, "least": 2}
    if how != "temperature":
        assert intercept(LABELS, **after).value == pytest.approx(0, abs=1e-6)
        assert observed_expected(LABELS, scores=after["scores"], patients=PATIENTS).value == (
            pytest.approx(1, abs=1e-6)
        )
    if how == "intercept and slope":
        assert slope(LABELS, **after).value == pytest.approx(1, abs=1e-6)
    again, _ = recalibration(LABELS, **after, how=how)
    assert again == pytest.approx((0, 1), abs=1e-6)


def test_the_intercept_of_the_slope_model_is_that_of_r():
    fit, _ = recalibration(LABELS, **K, how="intercept and slope", least=2)
    assert fit == pytest.approx((-0.020436, 1.071140), abs=1e-6)


def test_the_temperature_has_the_lowest_log_loss():
    def loss(temperature):
        signed = np.where(LABELS == 1, 1, -1) * logits(SCORES) / temperature
        return np.sum(np.log1p(np.exp(-signed)))

    best = minimize_scalar(loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-9})
    fit, _ = recalibration(LABELS, **K, how="temperature", least=2)
    assert fit.intercept == 0
    assert 1 / fit.slope == pytest.approx(best.x, abs=1e-6)


def test_scores_that_run_the_wrong_way_have_no_temperature():
    fit, reason = recalibration(1 - LABELS, **K, how="temperature", least=2)
    assert fit is None
    assert reason.startswith("no temperature above 0")


def test_a_temperature_without_an_error_at_one_half_is_separation():
    """No scan is on the wrong side of 0.5."""
    labels, scores = np.array([0, 0, 0, 1, 1, 1]), np.array([0.1, 0.3, 0.5, 0.5, 0.7, 0.9])
    fit, reason = recalibration(
        labels, scores=scores, patients=np.arange(6), how="temperature", least=3
    )
    assert fit is None
    assert "separation" in reason
