from __future__ import annotations

import pandas as pd

from elsewhere.design.comparisons import Comparisons
from elsewhere.figures.arm_pairs import beside, pairs
from elsewhere.figures.results import Results
from elsewhere.scores.cell import Predicted


def test_arms_meet_where_both_were_trained_or_neither(contrastive: Results) -> None:
    """single-a knows site A alone, joint knows both: at site B only one of them is at home."""
    nothing = Predicted(pd.DataFrame(), {"status": "not run"})
    found = pairs(
        contrastive,
        (Comparisons(arm="contrastive", against=("joint", "single-a")),),
        predicted={f"{arm}/{row}": nothing for arm, row in contrastive.cells},
        gates={column.row: {"counts": []} for column in contrastive.columns},
    )
    assert [pair.names for pair in found] == [
        ("site-a", "contrastive", "joint"),
        ("site-a", "contrastive", "single-a"),
        ("site-b", "contrastive", "joint"),
    ]
    assert all(pair.test_to_train is None for pair in found)


def test_a_published_p_stands_at_the_published_test_alone() -> None:
    names = {"site": "a", "arm": "x", "against": "y"}
    rows = [{**names, "test": test} for test in ("paired t", "DeLong")]
    found = beside(rows, [{**names, "p": "0.007", "requirement": "D-41"}])
    assert [row["published_p"] for row in found] == ["0.007", ""]
    assert [row["requirement"] for row in found] == ["D-41", ""]
