import numpy as np
import pytest

from elsewhere.scores.acquisition import ScansWithFields
from elsewhere.scores.below_chance import (
    CLASS_INDEX,
    LITTLE,
    NO_SIGN,
    ONE_MODEL,
    SCANS,
    check,
    signs,
)

LABELS = np.tile([0, 1], 10)
RIGHT = np.where(LABELS == 1, 0.8, 0.2)
KERNELS = ("soft",) * 10 + ("sharp",) * 10
BELOW = {"auc": 0.2, "auc_high": 0.4}


def scored(scores, **fields):
    return ScansWithFields(LABELS, np.array(scores), np.arange(20), fields)


def test_the_reversed_scans_are_named():
    scores = np.where(np.array(KERNELS) == "soft", RIGHT, 1 - RIGHT)
    found = signs(scored(scores, kernel=KERNELS, scanner=("A",) * 20))
    assert [(sign.field, sign.value, sign.auc) for sign in found] == [
        ("kernel", "sharp", 0.0),
        ("kernel", "soft", 1.0),
    ]
    assert check(found, area=BELOW, others=[0.7])["look_at"] == SCANS


@pytest.mark.parametrize(
    ("others", "which"), [([0.3, 0.4], CLASS_INDEX), ([0.3, 0.6], ONE_MODEL), ([], ONE_MODEL)]
)
def test_a_score_reversed_everywhere_is_the_class_index_or_this_model(others, which):
    found = signs(scored(1 - RIGHT, kernel=KERNELS))
    verdict = check(found, area=BELOW, others=others)
    assert (verdict["below_chance"], verdict["look_at"]) == ("yes", which)


def test_an_interval_that_contains_chance_is_little_evidence():
    verdict = check([], area={"auc": 0.4, "auc_high": 0.6}, others=[0.3])
    assert (verdict["below_chance"], verdict["look_at"]) == ("may be", LITTLE)


def test_an_auc_at_or_above_chance_is_no_concern():
    assert check([], area={"auc": 0.5, "auc_high": 0.9}, others=[])["below_chance"] == "no"


def test_subgroups_of_too_few_patients_have_no_sign():
    few = ("a",) * 4 + ("b",) * 16
    found = signs(scored(RIGHT, kernel=few))
    assert [sign.value for sign in found] == ["b"]
    for known in ([], found):
        assert check(known, area=BELOW, others=[0.6])["look_at"] == NO_SIGN
