from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from elsewhere.design.job import Job
from elsewhere.figures import calibration
from elsewhere.figures.results import Results

Texts = Callable[[Path], list[str]]


def test_panels_show_slope_and_ratio_with_intervals(drawn: Job, svg_texts: Texts) -> None:
    shown = " ".join(svg_texts(drawn.outputs["figures"] / "calibration.svg"))
    table = pd.read_csv(drawn.outputs["figures"] / "calibration.csv")
    own = table[(table["probabilities"] == "as they are") & (table["number"] == "slope")]
    known = own[own["status"] == "ok"]
    assert len(known) == 3 * 3, "three arms on three sites of two classes"
    for row in known.itertuples():
        assert f"slope {row.value:.2f} ({row.low:.2f} to {row.high:.2f})" in shown


def test_a_site_of_one_class_says_so_in_figure_and_table(drawn: Job, svg_texts: Texts) -> None:
    shown = " ".join(svg_texts(drawn.outputs["figures"] / "calibration.svg"))
    assert shown.count("undefined: all scans") == 3
    table = pd.read_csv(drawn.outputs["figures"] / "calibration.csv")
    mosmed = table[table["site"].str.startswith("mosmed") & (table["number"] == "slope")]
    assert mosmed["value"].isna().all()
    assert mosmed["status"].str.contains("are positive").all()


def test_each_way_to_recalibrate_has_its_fit_and_its_numbers(nguyen: Results) -> None:
    rows = pd.DataFrame(calibration.table(nguyen))
    ways = rows.groupby("probabilities")["number"].nunique()
    assert ways.to_dict() == dict.fromkeys(["as they are", *calibration.WAYS.values()], 6)
    fitted = rows[(rows["probabilities"] == "recalibrated: intercept") & rows["value"].notna()]
    assert (fitted["fit_slope"] == 1).all()
    assert (fitted["validation_patients"] > 0).all()
