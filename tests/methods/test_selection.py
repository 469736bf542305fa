from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from elsewhere.methods.selection import score


def pairs(labels, scores):
    """AUC by counting pairs, ties half."""
    ones = [s for label, s in zip(labels, scores, strict=True) if label == 1]
    zeros = [s for label, s in zip(labels, scores, strict=True) if label == 0]
    won = [(one > zero) + (one == zero) / 2 for one in ones for zero in zeros]
    return sum(won) / len(won)


def test_accuracy_is_that_of_the_argmax():
    probabilities = np.array([[0.4, 0.6], [0.5, 0.5], [0.9, 0.1]])
    labels = np.array([1, 0, 1])
    expected = float((probabilities.argmax(axis=1) == labels).mean())
    assert score(labels, probabilities, by="accuracy") == expected


def test_of_findings_unknown_labels_do_not_count():
    labels = np.array([[1, -1], [0, 1]])
    probabilities = np.array([[0.8, 0.9], [0.7, 0.6]])
    assert score(labels, probabilities, by="accuracy") == pytest.approx(2 / 3)


def test_auc_is_the_mean_over_findings_that_have_both_labels():
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, (40, 3))
    labels[:, 1] = 0
    labels[:7, 2] = -1
    probabilities = rng.random((40, 3)).round(1)
    known = labels[:, 2] >= 0
    each = [
        pairs(labels[:, 0], probabilities[:, 0]),
        pairs(labels[known, 2], probabilities[known, 2]),
    ]
    assert score(labels, probabilities, by="auc") == pytest.approx(np.mean(each))


def test_auc_of_one_label_is_that_of_the_second_class():
    labels, ones = np.array([0, 1, 1, 0]), np.array([0.1, 0.8, 0.4, 0.5])
    probabilities = np.stack([1 - ones, ones], axis=1)
    assert score(labels, probabilities, by="auc") == pytest.approx(pairs(labels, ones))


@pytest.mark.parametrize(
    ("labels", "by", "why"),
    [(np.array([[1], [1]]), "auc", "one class"), (np.array([[-1], [-1]]), "accuracy", "no label")],
)
def test_validation_scans_that_give_no_score_are_an_error(labels, by, why):
    with pytest.raises(ValueError, match=rf"select_by: {by}.*{why}.*validation"):
        score(labels, np.full((2, 1), 0.5), by=by)


def test_of_several_classes_accuracy_is_that_of_the_argmax_and_the_first_of_equals():
    probabilities = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1]])
    assert score(np.array([1, 0, 2, 2]), probabilities, by="accuracy") == 3 / 4


def test_of_several_classes_the_auc_is_the_macro_mean_of_each_against_the_rest():
    """The same as scikit-learn's (C-31)."""
    dice = np.random.default_rng(2)
    labels = np.repeat(np.arange(4), 5)
    probabilities = dice.dirichlet(np.ones(4), 20)
    expected = roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    assert score(labels, probabilities, by="auc") == pytest.approx(expected)


def test_a_class_that_no_validation_scan_has_does_not_count():
    """C-25: two sites lack other viral pneumonia."""
    labels = np.array([0, 1, 3, 0, 1, 3])
    probabilities = np.random.default_rng(4).dirichlet(np.ones(4), 6)
    aucs = [roc_auc_score(labels == k, probabilities[:, k]) for k in (0, 1, 3)]
    assert score(labels, probabilities, by="auc") == pytest.approx(np.mean(aucs))
    with pytest.raises(ValueError, match="labels of one class only"):
        score(np.full(6, 2), probabilities, by="auc")
