from __future__ import annotations

import pytest

from elsewhere.design import kinds
from elsewhere.design.metric_rows import columns, compared, metric_row
from elsewhere.design.scoring import STANDARD


def test_tables_of_arms_have_the_five_measures_of_table_i_in_its_order():
    """D-19 to D-36: accuracy, F1, sensitivity, precision, AUC."""
    assert [*compared(STANDARD).values()] == [
        "accuracy",
        "F1",
        "sensitivity",
        "precision",
        "AUC",
    ]


def test_a_metric_that_is_named_joins_tables_and_columns():
    assert [*compared((*STANDARD, "youden"))][-1] == "youden"
    assert columns(("youden", "f1")) == (
        *("youden", "youden_low", "youden_high", "f1", "f1_low", "f1_high"),
    )


def test_an_unknown_metric_is_named():
    with pytest.raises(kinds.KindError, match="there is no 'kappa' in metrics"):
        metric_row("kappa")
