from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.design.job import Job
from elsewhere.figures import probabilities
from elsewhere.figures.results import Results

Texts = Callable[[Path], list[str]]


def test_the_shares_of_a_class_add_up_to_1_and_its_scans_to_those_tested(nguyen: Results) -> None:
    rows = pd.DataFrame(probabilities.table(nguyen))
    sums = rows.groupby(["arm", "site", "class"])[["share", "scans"]].sum()
    assert sums["share"][sums["scans"] > 0].to_numpy() == pytest.approx(1)
    for row in nguyen.rows:
        for column in nguyen.columns:
            pooled = nguyen.cell(row, column)["pooled"]
            assert sums.loc[(row.name, column.row, "positive"), "scans"] == pooled["n_positive"]


def test_a_class_that_is_not_there_has_no_mean(drawn: Job, svg_texts: Texts) -> None:
    table = pd.read_csv(drawn.outputs["figures"] / "probabilities.csv")
    none = table[table["site"].str.startswith("mosmed") & (table["class"] == "negative")]
    assert none["mean"].isna().all()
    assert set(none["status"]) == {"no test scan is negative"}
    shown = svg_texts(drawn.outputs["figures"] / "probabilities.svg")
    assert shown.count("Δ undefined: one class") == 3
