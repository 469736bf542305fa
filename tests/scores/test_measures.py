from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from elsewhere.design.scoring import STANDARD, Scoring
from elsewhere.scores.intervals import wilson
from elsewhere.scores.measures import absent, measure
from elsewhere.scores.metric import Judged

SCORING = Scoring(threshold_from="training_sites", confidence=0.95, bootstrap=300, seed=0)


INTERVALS = ("auc", "accuracy", "sensitivity", "specificity", "precision", "f1")


def judged(labels, scores, *, patients=None):
    labels, scores = np.asarray(labels, dtype=np.int64), np.asarray(scores, dtype=np.float64)
    patients = np.arange(len(labels)) if patients is None else np.asarray(patients)
    return Judged(labels, scores, scores >= 0.5, patients, ())


@pytest.fixture
def ordinary(dice):
    labels = np.tile([0, 0, 1], 20)
    scores = 1 / (1 + np.exp(-dice.normal(2 * labels - 1)))
    return judged(labels, scores, patients=np.arange(60) // 2)


def test_an_ordinary_set_has_every_number(ordinary):
    found = measure(ordinary, scoring=SCORING)
    assert (found["n_patients"], found["n_scans"], found["n_positive"]) == (30, 60, 20)
    assert (found["status"], found["reason"], found["undefined"]) == ("ok", None, {})
    assert found["auc"] == pytest.approx(roc_auc_score(ordinary.labels, ordinary.scores))
    for name in INTERVALS:
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]
    assert found["auc_se"] > 0
    assert sum(found["confusion"].values()) == 60
    assert set(found["intervals"]) == {*INTERVALS}


def test_without_passes_there_is_no_dropout_number(ordinary):
    found = measure(ordinary, scoring=SCORING)
    assert (found["auc_mc_mean"], found["auc_mc_sd"], found["roc_mc"]) == (None, None, None)


def test_dropout_numbers_are_mean_and_sd_over_passes(ordinary, dice):
    passes = [(ordinary.labels, dice.uniform(size=60)) for _ in range(7)]
    found = measure(
        Judged(ordinary.labels, ordinary.scores, ordinary.calls, ordinary.patients, tuple(passes)),
        scoring=SCORING,
    )
    areas = [roc_auc_score(labels, scores) for labels, scores in passes]
    assert found["auc_mc_mean"] == pytest.approx(np.mean(areas))
    assert found["auc_mc_sd"] == pytest.approx(np.std(areas, ddof=1))
    assert {len(values) for values in found["roc_mc"].values()} == {101}
    assert found["roc_mc"]["tpr_mean"][-1] == 1
    area = np.trapezoid(found["roc_mc"]["tpr_mean"], found["roc_mc"]["fpr"])
    assert area == pytest.approx(np.mean(areas), abs=0.02)


def test_one_pass_has_no_standard_deviation(ordinary):
    passes = ((ordinary.labels, ordinary.scores),)
    found = measure(
        Judged(ordinary.labels, ordinary.scores, ordinary.calls, ordinary.patients, passes),
        scoring=SCORING,
    )
    assert found["auc_mc_mean"] == found["auc"]
    assert (found["auc_mc_sd"], found["roc_mc"]) == (None, None)


def test_one_class_has_no_auc_but_wilson_intervals():
    found = measure(judged(np.ones(14), [0.9] * 11 + [0.1] * 3), scoring=SCORING)
    assert found["status"] == "undefined"
    assert found["reason"] == "AUC undefined: all 14 test scans are positive"
    for name in ("auc", "auc_low", "auc_high", "auc_se", "roc"):
        assert found[name] is None
    assert (found["specificity"], found["specificity_low"]) == (None, None)
    assert found["undefined"] == {
        "auc": found["reason"],
        "specificity": "no test scan is negative",
    }
    low, high, method = wilson(11 / 14, n=14, confidence=0.95)
    assert found["sensitivity"] == pytest.approx(11 / 14)
    assert (found["sensitivity_low"], found["sensitivity_high"]) == (low, high)
    assert found["intervals"]["accuracy"] == found["intervals"]["sensitivity"] == method
    assert found["intervals"]["f1"] == f"of Jaccard's: {method}"


def test_wilson_counts_patients_not_scans():
    labels, patients = np.ones(36), np.repeat(np.arange(12), 3)
    found = measure(judged(labels, np.full(36, 0.9), patients=patients), scoring=SCORING)
    assert found["sensitivity_low"] == wilson(1.0, n=12, confidence=0.95).low


@pytest.mark.parametrize(("few", "low"), [(5, 0.025 ** (1 / 4)), (4, 4 / (4 + 1.959964**2))])
def test_a_share_of_few_patients_has_wider_limits_and_says_so(few, low):
    """Clopper and Pearson's lower limit of n of n hits is the n-th root of 0.025."""
    labels, patients = np.ones(12), np.repeat(np.arange(4), 3)
    of = SCORING.model_copy(update={"few_patients": few})
    found = measure(judged(labels, np.full(12, 0.9), patients=patients), scoring=of)
    for name in ("sensitivity", "accuracy"):
        assert found[f"{name}_low"] == pytest.approx(low)
        assert ("Clopper and Pearson" in found["intervals"][name]) == (few == 5)


def test_faultless_calls_have_an_honest_width():
    labels = np.tile([0, 1], 10)
    found = measure(judged(labels, labels * 0.8 + 0.1), scoring=SCORING)
    assert (found["auc"], found["accuracy"]) == (1.0, 1.0)
    for name in INTERVALS:
        assert found[f"{name}_low"] < 0.9
        assert found[f"{name}_high"] == 1.0


def test_no_calls_leave_precision_undefined_and_the_auc_untouched():
    found = measure(judged([0, 1, 0, 1], [0.1, 0.3, 0.2, 0.15]), scoring=SCORING)
    assert (found["status"], found["auc"]) == ("ok", 0.75)
    assert (found["precision"], found["f1"]) == (None, 0.0)
    assert found["undefined"] == {"precision": "no test scan is called positive"}


def test_no_scans_have_no_numbers():
    found = measure(judged([], []), scoring=SCORING)
    assert found == absent("undefined", "AUC undefined: there are no test scans", metrics=STANDARD)


def test_an_absent_set_has_the_same_keys(ordinary):
    assert set(absent("not run", "x", metrics=STANDARD)) == set(measure(ordinary, scoring=SCORING))


def test_everything_is_json_and_no_interval_hangs_on_the_seed(ordinary):
    first, again = (
        json.dumps(measure(ordinary, scoring=SCORING.model_copy(update=of)), allow_nan=False)
        for of in ({}, {"seed": 1, "bootstrap": 7})
    )
    assert first == again


def test_below_the_limit_of_few_patients_the_method_of_the_auc_is_marked(ordinary):
    for few, marked in ((10, False), (11, True)):
        of = SCORING.model_copy(update={"few_patients": few})
        ten = judged(np.repeat([0, 1], [20, 10]), np.arange(30) * 7 % 30 / 30)
        assert ("Newcombe" in measure(ten, scoring=of)["intervals"]["auc"]) == marked


def test_only_the_named_metrics_are_computed(ordinary):
    found = measure(ordinary, scoring=SCORING.model_copy(update={"metrics": ("auc", "youden")}))
    assert "sensitivity" not in found
    assert {"auc", "roc", "youden", "youden_low", "youden_high"} < set(found)
    every = measure(ordinary, scoring=SCORING)
    assert "youden" not in every
    assert found["youden"] == pytest.approx(every["sensitivity"] + every["specificity"] - 1)
