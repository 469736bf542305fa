"""study: a split leaves a training part, whatever its kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from elsewhere.design import params as tables
from elsewhere.design.split import Split
from elsewhere.design.study import Review

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


def test_the_shares_of_the_papers(params: tables.Params) -> None:
    """A-18 to A-24: 72, 8 and 20 % of the patients; D-06: four folds."""
    nguyen, contrastive = params.studies["nguyen2021"].split, params.studies["contrastive"].split
    assert (nguyen.test, nguyen.validation) == (0.20, 0.08)
    assert (contrastive.kind, contrastive.folds) == ("folds", 4)


def test_a_review_shows_views_on_which_the_ratio_is_measured() -> None:
    """B-43; B-44 gives no band of borderline, so it is a setting."""
    row = Review(finding="cardiomegaly", arms=("one",), site="mimic", images=4, seed=0)
    assert row.views == ("PA",)
    assert 0.5 < row.enlarged_from < 0.6
