"""site_probe: every arm and site has its probes, in the CSV and in the picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from elsewhere.design.job import Job
from elsewhere.figures import site_probe
from elsewhere.figures.given import Given, Settings

Texts = Callable[[Path], list[str]]


def test_every_arm_site_and_class_has_a_probe(
    compared: tuple[Job, Settings], tmp_path: Path, svg_texts: Texts
) -> None:
    given = Given(*compared)
    rows = site_probe.rows(given)
    site_probe.draw(given.together, rows, tmp_path)
    written = pd.read_csv(tmp_path / site_probe.CSV_NAME)
    assert tuple(written.columns) == site_probe.COLUMNS
    of_probability = written[written["source"] == "probability"]
    classes = {*given.settings.classes}
    for arm in given.results.rows:
        for column in given.results.columns:
            chosen = (of_probability["arm"] == arm.name) & (of_probability["site"] == column.name)
            found = of_probability[chosen]
            assert {*found["scans_of"]} == {*found["against"]} == classes
            assert (found["status"] == "ok").all()
            assert found["auc"].between(found["low"], found["high"]).all()
    of_features = written[written["source"] == "features"]
    assert {*of_features["arm"]} == {*given.explained}
    assert (of_features["auc"].dropna() == 0.987).all()
    answered = written["p"].notna()
    assert (written["family"] == answered.sum()).all()
    assert (written["p_holm"] >= written["p"])[answered].all()
    shown = svg_texts(tmp_path / "site_probe.svg")
    for arm in given.results.rows:
        assert arm.short(site_probe.NAME_CHARACTERS) in shown
    assert any(text.startswith(given.results.columns[0].title) for text in shown)


def test_a_site_that_is_not_here_says_so(drawn_absent: Job) -> None:
    written = pd.read_csv(drawn_absent.outputs["figures"] / site_probe.CSV_NAME)
    absent = written[written["status"] == "not run"]
    assert len(absent)
    assert absent["reason"].notna().all()
    assert absent["auc"].isna().all()
