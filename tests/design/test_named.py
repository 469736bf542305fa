from __future__ import annotations

import pytest

from elsewhere.design.named import expanded
from elsewhere.design.scoring import STANDARD, Scoring


def names(*listed):
    return expanded(listed, shelf="metrics", standard=("auc", "accuracy"))


def test_standard_stands_for_the_usual_ones_where_it_is_written():
    assert names("standard") == ("auc", "accuracy")
    assert names("youden", "standard", "f1") == ("youden", "auc", "accuracy", "f1")
    assert names("f1") == ("f1",)


def test_an_unknown_name_is_refused_with_all_that_there_are():
    message = r"no 'kappa' in metrics; choose from standard, accuracy, auc, .*youden"
    with pytest.raises(ValueError, match=message):
        names("standard", "kappa")


def test_a_name_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="auc of metrics stands twice"):
        names("standard", "auc", "auc")
    assert names("standard", "auc") == ("auc", "accuracy")


def test_scoring_needs_the_auc():
    with pytest.raises(ValueError, match="auc is missing"):
        scoring(metrics=("youden",))
    assert scoring(metrics=("standard", "youden")).metrics == (*STANDARD, "youden")
    assert scoring().metrics == STANDARD


def scoring(**options):
    settings = {"threshold_from": "argmax", "confidence": 0.95, "bootstrap": 9, "seed": 0}
    return Scoring.model_validate({**settings, **options})
