"""why_fell: every arm has a line at every site that it never saw, in CSVs and picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from elsewhere.design.job import Job
from elsewhere.figures.results import Results
from elsewhere.figures.why_fell import MARKS, Told, draw
from elsewhere.scores.attribution import PARTS
from elsewhere.scores.why_fell import COLUMNS, FIELD_COLUMNS, MEASURES, SIGN_COLUMNS

Texts = Callable[[Path], list[str]]
ARMS = {"utsw": 3, "covid-ctset": 3, "utsw_covid-ctset": 2}  # sites that each never saw


def test_every_cell_at_a_site_never_seen_has_its_parts(drawn: Job) -> None:
    written = pd.read_csv(drawn.outputs["figures"] / "why_fell.csv")
    assert tuple(written.columns) == (*MARKS, *COLUMNS)
    counted = written["arm"].value_counts()
    assert counted.to_dict() == {arm: sites * len(MEASURES) for arm, sites in ARMS.items()}
    split = written[(written["status"] == "ok") & written["reason"].isna()]
    assert len(split)
    assert np.allclose(split[[*PARTS]].sum(axis=1), split["fall"])
    assert split["fall"].between(split["fall_low"], split["fall_high"]).all()


def test_a_site_of_one_class_says_why_it_has_none(drawn: Job) -> None:
    written = pd.read_csv(drawn.outputs["figures"] / "why_fell.csv")
    absent = written[written["site"] == "mosmed"]
    assert len(absent)
    assert (absent["status"] == "undefined").all()
    assert absent["reason"].str.contains("all 171 test scans are positive").all()


def test_fields_and_signs_have_a_table_each(drawn: Job) -> None:
    folder = drawn.outputs["figures"]
    fields = pd.read_csv(folder / "why_fell_fields.csv")
    assert tuple(fields.columns) == (*MARKS, *FIELD_COLUMNS)
    assert fields.loc[fields["p"].isna(), "reason"].notna().all()
    signs = pd.read_csv(folder / "why_fell_signs.csv")
    assert tuple(signs.columns) == (*MARKS, *SIGN_COLUMNS)
    assert ((signs["below_chance"] == "no") == (signs["auc"] >= 0.5)).all()


def test_the_picture_names_every_arm_and_every_part(drawn: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn.outputs["figures"] / "why_fell.svg")
    for text in ("prevalence", "case mix", "ranking left", "threshold", "calibration"):
        assert text in shown
    assert any("SYNTHETIC" in text for text in shown)
    assert shown.count("at CC-CCII") == 3


def test_a_reversed_score_is_written_in_capitals(
    nguyen: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    parts, signs = [], []
    for row in nguyen.rows:
        for column in nguyen.columns:
            if not nguyen.own(row, column):
                of = {"arm": row.name, "site": column.name}
                line = {**dict.fromkeys(COLUMNS), **of, "reason": "none here"}
                parts += [{**line, "measure": name, "status": "undefined"} for name in MEASURES]
    numbers = {"at_home": 0.9, "elsewhere": 0.2, "fall": 0.7, "ranking": 0.7, "status": "ok"}
    parts[:3] = [line | numbers | {"reason": None} for line in parts[:3]]
    advice = {"below_chance": "yes", "advice": "Look at flips.", "reversed_in": "kernel B70f 0.20"}
    signs = [{"arm": parts[0]["arm"], "site": parts[0]["site"], **advice}]
    draw(nguyen, Told(parts, [], signs), tmp_path)
    shown = " ".join(svg_texts(tmp_path / "why_fell.svg"))
    assert "BELOW CHANCE. Look at flips. Reversed in: kernel B70f 0.20." in shown
    assert "Not shown beyond chance" in shown
