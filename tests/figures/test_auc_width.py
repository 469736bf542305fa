"""auc_width: every cell has its width and the patients that it needs, in the CSV and picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from elsewhere.design.job import Job
from elsewhere.figures.auc_width import MARKS
from elsewhere.scores.auc_width import COLUMNS

Texts = Callable[[Path], list[str]]


def test_every_cell_has_a_width_or_says_why_not(drawn: Job, svg_texts: Texts) -> None:
    written = pd.read_csv(drawn.outputs["figures"] / "auc_width.csv")
    assert tuple(written.columns) == (*MARKS, *COLUMNS)
    assert len(written) == 3 * 4
    ok = written[written["status"] == "ok"]
    assert np.allclose(ok["width"], ok["high"] - ok["low"])
    assert ((ok["wider"] == "yes") == (ok["width"] > 0.10)).all()
    assert ok["design_effect"].ge(1).all()  # two scans of each patient
    # patients of too wide an interval are fewer than are needed, and the reverse
    wide = ok["expected_width"] > 0.10
    assert (ok.loc[wide, "patients_needed"] > ok.loc[wide, "n_patients"]).all()
    assert (ok.loc[~wide, "patients_needed"] <= ok.loc[~wide, "n_patients"]).all()
    absent = written[written["status"] != "ok"]
    assert absent["reason"].notna().all()
    shown = svg_texts(drawn.outputs["figures"] / "auc_width.svg")
    assert any(text.endswith(" *") for text in shown)
    assert any("SYNTHETIC" in text for text in shown)


def test_images_are_counted_where_there_are_no_patient_keys(drawn_absent: Job) -> None:
    written = pd.read_csv(drawn_absent.outputs["figures"] / "auc_width.csv")
    ok = written[written["status"] == "ok"]
    assert (ok["unit"] == "image").all()
    assert ok["n_patients"].isna().all()
    assert ok["patients_needed"].notna().all()
