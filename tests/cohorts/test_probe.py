"""probe: AUC and p are those of other libraries and of closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from elsewhere.cohorts import probe
from elsewhere.cohorts.probe import CrossValidation, Probe, probed

BY = CrossValidation(folds=5, permutations=99, seed=0)


def alone(count: int) -> pd.Series:
    return pd.Series([f"p{number}" for number in range(count)])


def test_an_auc_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    scores, truth = rng.integers(0, 6, (80, 5)).astype(float), rng.random((80, 5)) < 0.4
    assert probe.areas(scores, truth) == pytest.approx(
        [roc_auc_score(t, s) for t, s in zip(truth.T, scores.T, strict=True)]
    )
    assert np.isnan(probe.areas(scores[:, :1], np.ones((80, 1), bool))).all()


def test_the_cross_validation_is_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    columns, units = rng.normal(size=(120, 9)) + 3, np.repeat(np.arange(40), 3)
    labels = (columns[:, 0] + rng.normal(size=120) > 3).astype(np.intp)
    areas = []
    for train, test in GroupKFold(5, shuffle=True, random_state=7).split(columns, groups=units):
        model = Ridge(alpha=probe.PENALTY).fit(columns[train], labels[train])
        areas.append(roc_auc_score(labels[test], model.predict(columns[test])))
    found = Probe(columns, units, folds=5, seed=7).auc(labels[:, None])
    assert found == pytest.approx([np.mean(areas)])


def test_two_normal_clouds_have_their_closed_form() -> None:
    """Of distance d along one direction the AUC is Phi(d / sqrt 2)."""
    rng = np.random.default_rng(2)
    labels = np.arange(3000) % 2
    columns = rng.normal(size=(3000, 3)) + np.outer(labels, [0.6, 0.8, 0])
    found = Probe(columns, np.arange(3000), folds=5, seed=0)
    auc = float(found.auc(labels[:, None])[0])
    assert auc == pytest.approx(norm.cdf(1 / 2**0.5), abs=0.02)
    assert found.p(labels, auc, permutations=99) == 0.01


def test_labels_move_with_whole_patients_whatever_the_order_of_scans() -> None:
    rng = np.random.default_rng(3)
    units = rng.permutation(np.repeat(np.arange(30), 4))
    labels = units % 2
    found = Probe(rng.normal(size=(120, 2)), units, folds=5, seed=0)
    exchanged = [found._exchanged(labels, rng) for _ in range(20)]
    for labels_of in exchanged:
        assert all(len(set(labels_of[units == unit])) == 1 for unit in range(30))
        assert sum(labels_of[units == unit][0] for unit in range(30)) == 15
    assert len({labels_of.tobytes() for labels_of in exchanged}) == 20


def test_p_is_uniform_for_patients_with_several_scans() -> None:
    """Scans of a patient are alike: permuting scans instead of patients would find what is not."""
    chances = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        columns = np.repeat(rng.normal(size=(24, 4)), 5, axis=0)
        labels = np.repeat(rng.permutation(np.arange(24) % 2), 5)
        found = Probe(columns, np.repeat(np.arange(24), 5), folds=4, seed=seed)
        auc = float(found.auc(labels[:, None])[0])
        chances.append(found.p(labels, auc, permutations=19))
    assert sum(chance <= 0.05 for chance in chances) <= 7
    assert 0.35 < np.mean(chances) < 0.7


def test_what_is_apart_can_be_told_and_what_is_drawn_cannot() -> None:
    """Two far clouds of 60 scans in 50 dimensions, and whose they are."""
    rng = np.random.default_rng(4)
    names = pd.Series(np.repeat(["a", "b"], 60))
    columns = rng.normal(size=(120, 50)) + 20 * (names == "b").to_numpy()[:, None]
    assert probed(columns, names, patients=alone(120), by=BY) == {
        "auc": 1.0, "p": 0.01, "n_scans": 120, "n_patients": 120, "status": "ok", "reason": None,
    }  # fmt: skip
    drawn = [
        probed(columns, pd.Series(rng.permutation(names)), patients=alone(120), by=BY)["auc"]
        for _ in range(20)
    ]
    assert np.mean(drawn) == pytest.approx(0.5, abs=0.05)


def test_a_patient_does_not_tell_on_himself() -> None:
    """Labels go with patients, places too, but not places with labels: leaks would reach 1."""
    rng = np.random.default_rng(5)
    patients = np.repeat(np.arange(60), 8)
    columns = 10 * rng.normal(size=(60, 30))[patients] + rng.normal(size=(480, 30))
    label = pd.Series(rng.permutation(np.repeat([0, 1], 30))[patients])
    leaky = probed(columns, label, patients=alone(480), by=BY)
    found = probed(columns, label, patients=pd.Series(patients), by=BY)
    assert leaky["auc"] > 0.85
    assert found["auc"] < 0.75
    assert (found["n_scans"], found["n_patients"]) == (480, 60)


def test_of_several_names_each_is_told_from_the_others() -> None:
    rng = np.random.default_rng(6)
    names = pd.Series(np.repeat(["a", "b", "c"], 40))
    columns = rng.normal(size=(120, 5)) + 9 * (names == "b").to_numpy()[:, None]
    found = probed(columns, names, patients=alone(120), by=BY)
    assert 0.75 < found["auc"] < 0.95, "b is told, a and c are told from b alone"


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ([], "no scan here"),
        (["a"] * 20, "one class: a is the label of all"),
        (["a"] * 20 + ["b"] * 4, "too few patients: b has 4, 5 folds need 5"),
    ],
)
def test_what_cannot_be_probed_says_why(names: list[str], why: str) -> None:
    columns = np.random.default_rng(7).normal(size=(len(names), 3))
    truth = pd.Series(names, dtype=object)
    found = probed(columns, truth, patients=alone(len(names)), by=BY)
    assert (found["auc"], found["p"], found["status"]) == (None, None, "undefined")
    assert found["reason"] == why


def test_columns_that_do_not_vary_tell_nothing() -> None:
    names = pd.Series(np.repeat(["a", "b"], 20))
    found = probed(np.zeros((40, 0)), names, patients=alone(40), by=BY)
    assert (found["auc"], found["p"]) == (0.5, 1.0)
