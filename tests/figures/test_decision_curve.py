from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elsewhere.design.job import Job
from elsewhere.figures import decision_curve
from elsewhere.figures.results import Results


def test_calling_all_scans_is_worth_the_prevalence_less_the_odds(nguyen: Results) -> None:
    rows = pd.DataFrame(decision_curve.table(nguyen))
    for row in nguyen.rows:
        for column in nguyen.columns[:3]:
            pooled = nguyen.cell(row, column)["pooled"]
            share = pooled["n_positive"] / pooled["n_scans"]
            own = rows[(rows["arm"] == row.name) & (rows["site"] == column.row)]
            odds = own["threshold"] / (1 - own["threshold"])
            assert own["treat_all"].to_numpy() == pytest.approx(share - (1 - share) * odds)
            best = np.maximum(own["treat_all"], 0)
            assert own["gain"].to_numpy() == pytest.approx(own["model"] - best)


def test_thresholds_are_those_of_the_settings_and_one_class_says_why(drawn: Job) -> None:
    table = pd.read_csv(drawn.outputs["figures"] / "decision_curve.csv")
    known = table[table["status"] == "ok"]
    assert (known["threshold"].min(), known["threshold"].max()) == (0.05, 0.5)
    assert len(known) == 3 * 3 * 46
    assert (table["status"] == "all scans are positive").sum() == 3


def test_the_picture_is_drawn_over_another_range(nguyen: Results, tmp_path: Path) -> None:
    few = dataclasses.replace(nguyen, rows=nguyen.rows[:1])
    assert decision_curve.draw(few, tmp_path, limits=(0.2, 0.8)) == "decision_curve"
    assert (tmp_path / "decision_curve.svg").exists()


def test_ticks_lie_within_the_range_and_apart() -> None:
    for limits in ((0.05, 0.5), (0.01, 0.99), (0.02, 0.08), (0.1, 0.3)):
        ticks = sorted(decision_curve._marks(limits))
        assert len(ticks) >= 2
        assert limits[0] <= ticks[0] < ticks[-1] <= limits[1]
