"""new_site: every arm is pooled over the sites it never saw and over all, or says why it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from elsewhere.figures.new_site import MARKS, draw, rows
from elsewhere.figures.results import Results
from elsewhere.scores.new_site import COLUMNS

Texts = Callable[[Path], list[str]]


def test_three_sites_are_pooled_and_fewer_are_undefined(
    nguyen: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    draw(nguyen, rows(nguyen), tmp_path)
    written = pd.read_csv(tmp_path / "new_site.csv", keep_default_na=False)
    assert tuple(written.columns) == (*MARKS, *COLUMNS)
    assert len(written) == 2 * len(nguyen.rows)
    unseen = written[written["which"] == "never seen"]
    assert (unseen["status"] == "undefined").all()  # MosMedData has one class, so two at most
    assert unseen["reason"].str.contains("at least 3").all()
    every = written[written["which"] == "all"]
    assert (every["sites"] == "utsw+cc-ccii+covid-ctset").all()
    assert (pd.to_numeric(every["new_low"]) < pd.to_numeric(every["low"])).all()
    shown = svg_texts(tmp_path / "new_site.svg")
    assert "undefined: 2 of at least 3 sites" in shown
    assert any("SYNTHETIC" in text for text in shown)


def test_a_site_that_a_model_saw_does_not_count_as_new(nguyen: Results) -> None:
    unseen = [row for row in rows(nguyen) if row["which"] == "never seen"]
    trained = {row.name: set(row.sites) for row in nguyen.rows}
    assert not any(set(row["sites"].split("+")) & trained[row["arm"]] for row in unseen)


def test_sites_never_seen_are_pooled_where_there_are_enough(nguyen: Results) -> None:
    """As if no arm had seen a site: both rows are of the same sites."""
    stranger = replace(nguyen, rows=tuple(replace(row, sites=()) for row in nguyen.rows))
    unseen, every = rows(stranger)[:2]
    assert unseen["status"] == "ok"
    assert (unseen["auc"], unseen["new_high"]) == (every["auc"], every["new_high"])


def test_a_perfect_site_is_counted_marked_and_named(
    nguyen: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    perfect = {"auc": 1.0, "auc_se": None, "auc_low": 0.8, "auc_high": 1.0}
    cells = {
        key: {**cell, "pooled": {**cell["pooled"], **perfect}} if "utsw" in key[1] else cell
        for key, cell in nguyen.cells.items()
    }
    given = replace(nguyen, cells=cells)
    found = [row for row in rows(given) if row["which"] == "all"]
    assert {row["corrected"] for row in found} == {"utsw"}
    assert {row["sites"] for row in found} == {"utsw+cc-ccii+covid-ctset"}
    assert {row["status"] for row in found} == {"ok"}
    draw(given, rows(given), tmp_path)
    shown = svg_texts(tmp_path / "new_site.svg")
    assert any("(3 sites*)" in text for text in shown)
