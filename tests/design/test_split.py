"""split: every split leaves a training part, whatever its kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from elsewhere.design.split import Split

SHARES = st.floats(0, 1)


@given(test=SHARES, validation=SHARES)
def test_a_holdout_leaves_a_training_part_or_is_refused(test: float, validation: float) -> None:
    row = {"kind": "holdout", "folds": 1, "test": test, "validation": validation, "seed": 0}
    if 0 < test + validation < 1:
        assert Split.model_validate(row).folds == 1
    else:
        with pytest.raises(ValidationError, match="leave no training part"):
            Split.model_validate(row)


@given(folds=st.integers(2, 20), validation=SHARES)
def test_folds_test_their_share_whatever_test_says(folds: int, validation: float) -> None:
    row = {"kind": "folds", "folds": folds, "test": 1, "validation": validation, "seed": 0}
    if 1 / folds + validation < 1:
        assert Split.model_validate(row).kind == "folds"
    else:
        with pytest.raises(ValidationError, match="leave no training part"):
            Split.model_validate(row)


FIXED = {"kind": "fixed_test", "folds": 5, "test": 0.2, "validation": 0.0, "seed": 0}


def test_a_fixed_test_part_has_folds_and_may_have_stated_patients() -> None:
    stated = {"main": {"COVID-19": 28}}
    assert Split.model_validate(FIXED | {"test_patients": stated}).test_patients == stated


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"folds": 1}, "cross-validation needs at least 2"),
        ({"test": 0.0}, "leave no training part"),
        ({"kind": "folds", "test_patients": {"a": {"b": 1}}}, "every patient is tested once"),
        ({"allow": {"main": ["leakage"]}}, "'empty', 'one_class' or 'sizes'"),
        ({"test_patients": {"main": {"COVID-19": -1}}}, "greater than or equal to 0"),
    ],
)
def test_stated_patients_that_cannot_be_are_refused(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Split.model_validate(FIXED | changes)
