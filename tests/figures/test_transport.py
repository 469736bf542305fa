from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.design.job import Job
from elsewhere.figures import transport
from elsewhere.figures.results import Results

Texts = Callable[[Path], list[str]]


def test_what_the_local_threshold_gains_is_the_difference_of_both(nguyen: Results) -> None:
    rows = pd.DataFrame(transport.table(nguyen))
    known = rows[rows["status"] == "ok"]
    assert len(known) == len(nguyen.rows) * 3 * 4, "two rules, two numbers"
    assert known["gain"].to_numpy() == pytest.approx(
        (known["local"] - known["training"]).to_numpy()
    )
    assert (known["gain_low"] <= known["gain"]).all()
    assert (known["gain"] <= known["gain_high"]).all()


def test_at_its_only_training_site_both_thresholds_are_one(nguyen: Results) -> None:
    rows = pd.DataFrame(transport.table(nguyen))
    single = {row.name for row in nguyen.rows if row.single}
    own = rows[
        rows["arm"].isin(single) & (rows["trained_here"] == "yes") & (rows["status"] == "ok")
    ]
    assert not own.empty
    assert (own["training_threshold"] == own["local_threshold"]).all()
    assert (own["gain"] == 0).all()


def test_the_training_threshold_gives_the_study_s_calls(nguyen: Results) -> None:
    """The rule of accuracy on validation scans of the training sites is that of the study."""
    rows = pd.DataFrame(transport.table(nguyen))
    accuracy = rows[(rows["rule"] == "highest accuracy") & (rows["number"] == "sensitivity")]
    for row in accuracy.itertuples():
        pooled = nguyen.cells[row.arm, row.site]["pooled"]
        assert row.training_threshold == pooled["threshold"]
        assert row.training == pytest.approx(pooled["sensitivity"])


def test_a_site_of_one_class_says_why(drawn: Job, svg_texts: Texts) -> None:
    shown = " ".join(svg_texts(drawn.outputs["figures"] / "transport.svg"))
    assert shown.count("undefined: all test scans") == 3
    table = pd.read_csv(drawn.outputs["figures"] / "transport.csv")
    assert (table["status"] == "all test scans are positive").sum() == 3
