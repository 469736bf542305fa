from __future__ import annotations

import numpy as np
import pytest

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
