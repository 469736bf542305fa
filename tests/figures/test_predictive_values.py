from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.design.job import Job
from elsewhere.figures import predictive_values
from elsewhere.figures.results import Results

Texts = Callable[[Path], list[str]]


def test_values_follow_from_sensitivity_and_specificity_by_bayes(nguyen: Results) -> None:
    rows = pd.DataFrame(predictive_values.table(nguyen))
    known = rows[(rows["status"] == "ok") & (rows["value"] == "ppv")]
    assert not known.empty
    for row in known.itertuples():
        pooled = nguyen.cells[row.arm, row.site]["pooled"]
        hits = pooled["sensitivity"] * row.prevalence
        false = (1 - pooled["specificity"]) * (1 - row.prevalence)
        assert row.share == pytest.approx(hits / (hits + false))
        assert row.low <= row.share <= row.high


def test_prevalences_of_the_settings_are_shown(drawn: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn.outputs["figures"] / "predictive_values.svg")
    assert {"0.05", "0.2", "0.5"} <= set(shown)
    table = pd.read_csv(drawn.outputs["figures"] / "predictive_values.csv")
    assert sorted(table["prevalence"].dropna().unique()) == [0.05, 0.2, 0.5]
    assert (table["status"] == "all scans are positive").sum() == 3
