import numpy as np
import pytest

from elsewhere.scores.auc_width import (
    design_effect,
    expected_error,
    needed,
    observed_effect,
    row,
    sentences,
)
from elsewhere.scores.intervals import z_value
from elsewhere.scores.single_models import ModelScans

POOLED = {
    **{"n_patients": 100, "n_scans": 200, "n_positive": 60, "auc": 0.8},
    **{"auc_low": 0.7, "auc_high": 0.87, "status": "ok", "reason": None},
}


def model(labels, scores, patients):
    keys = [np.array([str(key) for key in of]) for of in (patients, range(len(labels)))]
    return ModelScans(np.asarray(labels), np.asarray(scores, dtype=float), *keys)


def test_worked_sample_size():
    """AUC .8, prevalence .3, width .10: 359, with a standard error of 0.02551."""
    assert needed(0.8, prevalence=0.3, width=0.10, confidence=0.95) == 359
    error = expected_error(0.8, n=359, prevalence=0.3)
    assert error == pytest.approx(0.02551, abs=1e-5)
    assert 2 * z_value(0.95) * error <= 0.10
    assert 2 * z_value(0.95) * expected_error(0.8, n=358, prevalence=0.3) > 0.10


def test_worked_width_of_fifteen_patients():
    width = 2 * z_value(0.95) * expected_error(0.9, n=15, prevalence=7 / 15)
    assert width == pytest.approx(0.34, abs=0.005)


def test_worked_design_effect():
    assert design_effect(3, correlation=0.6) == pytest.approx(2.2)


def test_scans_of_a_patient_that_are_copies_count_once():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 40)
    scores = rng.normal(labels, 1.0)
    alone = observed_effect([model(labels, scores, np.arange(80))])
    copies = [np.repeat(values, 3) for values in (labels, scores, np.arange(80))]
    tripled = observed_effect([model(*copies)])
    assert alone == pytest.approx(1)
    assert tripled == pytest.approx(design_effect(3, correlation=1), rel=0.03)


def test_more_models_of_the_same_scans_are_no_more_scans():
    """A scan that three models score alike stays one scan, and its patient one patient."""
    rng = np.random.default_rng(3)
    labels, patients = np.repeat([0, 1], 60), np.arange(120) // 3
    scores = rng.normal(labels, 1.0) + np.repeat(rng.normal(0, 1.5, 40), 3)
    one = observed_effect([model(labels, scores, patients)])
    assert one is not None
    assert one > 1.5
    assert observed_effect([model(labels, scores, patients)] * 3) == pytest.approx(one)
    assert observed_effect([model([1, 1], [0.2, 0.4], [0, 1])]) is None


def test_a_negative_correlation_is_not_rewarded():
    labels = np.repeat([0, 1], 20)
    scores = np.tile([0.0, 1.0], 20) + labels * 0.1
    scores += np.random.default_rng(0).normal(0, 0.3, 40)
    assert observed_effect([model(labels, scores, np.arange(40) // 2)]) == 1


def test_patients_needed_grow_with_the_design_effect_and_fall_with_their_scans():
    once = row(POOLED, effect=None, target=0.10, confidence=0.95)
    assert once["patients_needed"] == -(-359 // 2)  # two scans each, as if independent
    twice = row(POOLED, effect=2.0, target=0.10, confidence=0.95)
    assert twice["patients_needed"] == 359
    assert twice["expected_width"] == pytest.approx(2**0.5 * once["expected_width"])
    assert (once["wider"], once["width"]) == ("yes", pytest.approx(0.17))


@pytest.mark.parametrize("area", [0.0, 1.0])
def test_a_perfect_auc_has_no_expected_width(area):
    found = row(POOLED | {"auc": area}, effect=None, target=0.1, confidence=0.95)
    assert found["patients_needed"] is None
    assert "no expected width" in found["reason"]
    with pytest.raises(ValueError, match="between 0 and 1"):
        needed(area, prevalence=0.3, width=0.1, confidence=0.95)


def test_a_cell_without_an_auc_says_why():
    none = POOLED | {"auc": None, "status": "undefined", "reason": "one class"}
    found = row(none, effect=None, target=0.1, confidence=0.95)
    assert (found["status"], found["reason"], found["wider"]) == ("undefined", "one class", None)


def test_wide_intervals_are_counted_and_the_widest_named():
    cells = [
        {"site": site, "pooled": POOLED | {"auc_low": low}}
        for site, low in (("a", 0.7), ("b", 0.4), ("combined", 0.1), ("a", 0.84))
    ]
    (said,) = sentences(cells, titles={"a": "A", "b": "B"}, target=0.10)
    assert said.startswith(
        "2 of 3 AUCs have an interval wider than 0.10; the widest, 0.47, is at B"
    )
    assert not [*sentences(cells[3:], titles={"a": "A"}, target=0.10)]
    assert not [*sentences(cells, titles={"a": "A", "b": "B"}, target=None)]
