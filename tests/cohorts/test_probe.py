"""probe: AUC and p are those of other libraries and of closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from elsewhere.cohorts import probe
from elsewhere.cohorts.probe import Probe


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
