import numpy as np
import pandas as pd
import pytest

from elsewhere.design.scoring import Scoring
from elsewhere.scores.cell import Predicted, assemble
from elsewhere.scores.logits import Recalibration
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
    home = Recalibration(0.0, 1.0)
    same = elsewhere(one, home, home)
    assert same.recalibrated.sensitivity[0] == same.called.sensitivity[0]
    assert same.recalibrated.specificity[0] == same.called.specificity[0]
    high = elsewhere(one, home, Recalibration(9.0, 1.0))
    assert (high.recalibrated.sensitivity[0], high.recalibrated.specificity[0]) == (1, 0)


def test_validation_scans_of_one_class_give_no_local_threshold(rows):
    one, _ = at(rows, valid=([1, 1], [0.4, 0.6]))
    assert one.local_limits() is None
    assert validated([one]) is None
    assert elsewhere(one, None, None).local is None
    assert at_home([one], None)[0].expected is None


def test_several_runs_are_what_a_single_model_does_on_average(rows):
    """Two folds on different scans, on scales that differ: their scores are not ranked together."""
    frames = []
    for fold, shift in enumerate((0.0, 0.4)):
        scores = np.array([0.1, 0.2, 0.45, 0.3, 0.5, 0.55]) + shift
        for part in ("test", "validation"):
            frames.append(rows(LABELS, scores, fold=fold, part=part, prefix=f"{part}{fold}"))
    predicted = Predicted(pd.concat(frames), {"status": "ok", "patient_key": "published"})
    names = {"study": "s", "arm": "a", "site": "x"}
    settings = scoring("argmax")
    cell = assemble(predicted, training={"x": predicted}, names=names, scoring=settings)
    one = place(predicted, cell, scoring=settings)
    assert one.auc[0] == pytest.approx(8 / 9)
    found = one.rates(one.calls)  # right: one positive and all negatives of the first fold,
    assert found.sensitivity[0] == pytest.approx((1 + 3) / 6)  # all and one of the second
    assert found.specificity[0] == pytest.approx((3 + 1) / 6)
    assert len(one.scans) == 12
