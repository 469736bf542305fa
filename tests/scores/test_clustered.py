"""clustered: against closed forms, statsmodels and the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS

from elsewhere.scores.clustered import Clustered, mean, standard_error, t_interval

DICE = np.random.default_rng(5)
PATIENTS = np.repeat(np.arange(20), DICE.integers(1, 4, 20))
VALUES = DICE.normal(size=20)[PATIENTS] + 0.5 * DICE.normal(size=len(PATIENTS))


def test_with_one_scan_a_patient_the_error_is_that_of_a_mean():
    found = mean(VALUES, patients=np.arange(len(VALUES)))
    assert found.error == pytest.approx(stats.sem(VALUES), rel=1e-12)


def test_the_error_of_a_mean_is_that_of_a_clustered_regression_on_a_constant():
    options = {"groups": PATIENTS, "use_correction": False}
    fit = OLS(VALUES, np.ones(len(VALUES))).fit(cov_type="cluster", cov_kwds=options)
    expected = float(fit.bse[0]) * (20 / 19) ** 0.5
    assert mean(VALUES, patients=PATIENTS).error == pytest.approx(expected, rel=1e-12)


def test_repeating_every_scan_of_every_patient_changes_nothing():
    once, twice = (mean(np.repeat(VALUES, k), patients=np.repeat(PATIENTS, k)) for k in (1, 2))
    assert once[:3] == pytest.approx(twice[:3])


def test_one_patient_has_no_error_and_no_interval():
    assert standard_error(np.array([0.1, -0.1]), patients=np.array([7, 7])) is None
    alone = mean(np.array([0.2, 0.4]), patients=np.array([7, 7]))
    assert t_interval(alone, confidence=0.95) is None


@pytest.mark.parametrize(
    ("scale", "to"),
    [
        ("plain", lambda x: x),
        ("log", np.log),
        ("logit", lambda x: np.log(x / (1 - x))),
        ("log of 1 - x", lambda x: -np.log(1 - x)),
    ],
)
def test_an_interval_is_symmetric_on_its_scale_and_of_student_s_t(scale, to):
    found = t_interval(Clustered(0.3, 1e-4, 9), confidence=0.9, scale=scale)
    assert to(found.high) - to(0.3) == pytest.approx(to(0.3) - to(found.low), rel=1e-6)
    # with a small error the width hardly depends on the scale
    assert found.high - found.low == pytest.approx(2e-4 * stats.t.ppf(0.95, 8), rel=1e-2)


@pytest.mark.parametrize(("value", "scale"), [(0.0, "log"), (1.0, "logit"), (1.0, "log of 1 - x")])
def test_at_the_end_of_a_scale_there_is_no_interval(value, scale):
    assert t_interval(Clustered(value, 0.1, 9), confidence=0.95, scale=scale) is None


def test_patients_that_do_not_differ_have_no_error_and_no_interval():
    """Two scores of each patient have the same mean, up to rounding."""
    scores = np.linspace(0.05, 0.95, 12)
    found = mean(np.concatenate([scores, scores[::-1]]), patients=np.tile(np.arange(12), 2))
    assert found.error == 0
    assert t_interval(found, confidence=0.95) is None
