import numpy as np
import pandas as pd
import pytest

from elsewhere.design.scoring import Scoring
from elsewhere.scores.case_mix import Recalibration
from elsewhere.scores.cell import Predicted, assemble
from elsewhere.scores.operating import at_home, elsewhere, place, validated


def scoring(rule="training_sites"):
    return Scoring(threshold_from=rule, confidence=0.95, bootstrap=50, seed=0)


LABELS = [0, 0, 0, 1, 1, 1]
SCORES = [0.1, 0.2, 0.6, 0.4, 0.7, 0.9]


def at(rows, rule="training_sites", valid=(LABELS, SCORES)):
    frame = pd.concat([rows(LABELS, SCORES), rows(*valid, part="validation")])
    predicted = Predicted(frame, {"status": "ok", "patient_key": "published"})
    names = {"study": "s", "arm": "a", "site": "x"}
    settings = scoring(rule)
    cell = assemble(predicted, training={"x": predicted}, names=names, scoring=settings)
    return place(predicted, cell, scoring=settings), cell["pooled"]


@pytest.mark.parametrize("rule", ["training_sites", "argmax", "test_site"])
def test_rates_and_auc_are_those_of_the_cell(rows, rule):
    one, pooled = at(rows, rule)
    rates = one.rates(one.calls)
    assert rates.sensitivity[0] == pytest.approx(pooled["sensitivity"])
    assert rates.specificity[0] == pytest.approx(pooled["specificity"])
    assert rates.accuracy(one.prevalence)[0] == pytest.approx(pooled["accuracy"])
    assert one.auc[0] == pytest.approx(pooled["auc"])
    assert len(one.auc) == len(rates.sensitivity) == 51


def test_expected_rates_of_sure_probabilities_are_those_of_the_calls(rows):
    one, _ = at(rows)
    sure = one.labels.astype(float)
    expected, found = one.expected(sure, one.calls), one.rates(one.calls)
    assert np.allclose(expected.sensitivity, found.sensitivity, equal_nan=True)
    assert np.allclose(expected.specificity, found.specificity, equal_nan=True)


def test_a_right_intercept_costs_nothing_and_a_shifted_one_costs_the_calls(rows):
    one, _ = at(rows)
    home = Recalibration(0.0, 1.0, 3, 3)
    same = elsewhere(one, home, home)
    assert same.recalibrated.sensitivity[0] == same.called.sensitivity[0]
    assert same.recalibrated.specificity[0] == same.called.specificity[0]
    high = elsewhere(one, home, Recalibration(9.0, 1.0, 3, 3))
    assert (high.recalibrated.sensitivity[0], high.recalibrated.specificity[0]) == (1, 0)


def test_validation_scans_of_one_class_give_no_local_threshold(rows):
    one, _ = at(rows, valid=([1, 1], [0.4, 0.6]))
    assert one.local_limit() is None
    assert validated([one]) is None
    assert elsewhere(one, None, None).local is None
    assert at_home([one], None)[0].expected is None
