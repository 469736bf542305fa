from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from elsewhere.design.scoring import Scoring
from elsewhere.scores.cell import Predicted, assemble
from elsewhere.scores.headline import ENSEMBLE, ONE_SCALE, OTHER_SCALES

ABOUT = {"status": "ok", "patient_key": "published"}
SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=50, seed=0)


def pooled(frames):
    test = Predicted(pd.concat(frames), ABOUT)
    names = {"study": "s", "arm": "a", "site": "x"}
    return assemble(test, training={"x": test}, names=names, scoring=SCORING)["pooled"]


def folds(rows, dice, *, shifts, n=60):
    """Folds with different test patients; each model's probabilities lie higher by its shift."""
    found = []
    for fold, shift in enumerate(shifts):
        labels = np.tile([0, 1], n // 2)
        scores = np.clip(0.25 + shift + 0.15 * labels + dice.normal(0, 0.1, n), 0, 1)
        found.append(rows(labels, scores, fold=fold, prefix=f"t{fold}-"))
    return found


def test_folds_on_other_scales_are_not_ranked_against_each_other(rows, dice):
    """Each model ranks well, but what is a high probability differs from model to model."""
    frames = folds(rows, dice, shifts=(0, 0.15, 0.3, 0.45))
    found = pooled(frames)
    areas = [roc_auc_score(one["label"], one["probability_1"]) for one in frames]
    together = pd.concat(frames)
    across = roc_auc_score(together["label"], together["probability_1"])
    assert found["auc"] == pytest.approx(np.mean(areas))
    assert found["auc_low"] > across, "the pooled number is far below what each model does"
    assert (found["pooling"], found["auc_pooled"]) == (OTHER_SCALES, None)
    says = f"{OTHER_SCALES}: pooled {across:.2f}, mean of folds {np.mean(areas):.2f}"
    assert found["undefined"]["auc_pooled"] == says


def test_on_one_scale_the_pooled_number_stands_beside_the_mean(rows, dice):
    frames = folds(rows, dice, shifts=(0, 0, 0), n=200)
    found = pooled(frames)
    together = pd.concat(frames)
    across = roc_auc_score(together["label"], together["probability_1"])
    assert found["pooling"] == ONE_SCALE
    assert found["auc_pooled"] == pytest.approx(across)
    assert found["auc_pooled_low"] < across < found["auc_pooled_high"]


def test_an_external_site_is_judged_as_an_own_site(rows, dice):
    """Four models on the same patients: their mean, not what the mean of them would reach."""
    labels = np.tile([0, 1], 40)
    frames = [
        rows(labels, 1 / (1 + np.exp(-labels - dice.normal(0, 1.5, 80))), fold=fold)
        for fold in range(4)
    ]
    found = pooled(frames)
    areas = [roc_auc_score(one["label"], one["probability_1"]) for one in frames]
    assert found["auc"] == pytest.approx(np.mean(areas))
    assert found["pooling"] == ENSEMBLE
    assert found["auc_pooled"] > found["auc"] + 0.05
    assert (found["n_patients"], found["n_scans"]) == (80, 80)
    assert sum(found["confusion"].values()) == 4 * 80


def test_where_no_model_has_both_classes_there_is_no_headline(rows):
    found = pooled([rows([0, 0], [0.1, 0.2], prefix="n"), rows([1, 1], [0.8, 0.9], fold=1)])
    reason = "the test scans of no model have both classes"
    assert (found["auc"], found["status"], found["reason"]) == (None, "undefined", reason)
    assert (found["undefined"]["auc"], found["roc"]) == (reason, None)


def test_a_fold_of_one_class_is_named(rows, dice):
    frames = folds(rows, dice, shifts=(0, 0.1))
    alone = rows([1, 1], [0.8, 0.9], fold=2, prefix="x")
    found = pooled([*frames, alone])
    assert found["intervals"]["auc"].startswith("mean of 2 of 3 single models; ")
    assert "2 of 3" in found["undefined"]["auc_models"]
