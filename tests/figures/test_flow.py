from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chestxray_study as study
import pandas as pd
import pytest

from elsewhere.figures import flow, paper
from elsewhere.figures.divided import PARTS, Divided

Texts = Callable[[Path], list[str]]
SIZES = {"chexpert": 600, "chestxray14": 400, "mimic-cxr-jpg": 60}


@pytest.fixture(scope="module")
def divided() -> Divided:
    return study.cohorts(SIZES)


@pytest.fixture(scope="module")
def rows(divided: Divided) -> list[dict[str, Any]]:
    return flow.table(divided, paper.counts("chestxray"))


@pytest.fixture(scope="module")
def drawn(
    divided: Divided, rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("flow")
    assert flow.draw(divided, rows, folder) == ["flow"]
    return folder


def counted(rows: list[dict[str, Any]], site: str, quantity: str) -> dict[str, int]:
    return {
        row["box"]: row["count"]
        for row in rows
        if (row["site"], row["quantity"]) == (site, quantity)
    }


@pytest.mark.parametrize("site", [*SIZES])
def test_no_scan_and_no_patient_is_lost_on_the_way(rows: list[dict[str, Any]], site: str) -> None:
    for quantity, everything in (("scans", SIZES[site]), ("patients", SIZES[site] // 2)):
        found = counted(rows, site, quantity)
        assert found.pop("ingested") == everything == sum(found.values())


def test_views_say_why_scans_are_left_out(divided: Divided, rows: list[dict[str, Any]]) -> None:
    """B-17."""
    lateral = int((divided.manifests["chexpert-synthetic"]["view"] == "lateral").sum())
    (lost,) = [row for row in rows if row["quantity"] == "view"]
    assert (lost["name"], lost["count"], lost["box"]) == ("of view lateral", lateral, "left out")


def test_positives_are_those_of_the_split(divided: Divided, rows: list[dict[str, Any]]) -> None:
    for column in divided.columns:
        split = divided.splits[column.row]
        for finding in study.TITLES:
            for part, count in counted(rows, column.name, finding).items():
                chosen = split[split["part"] == part]
                assert count == chosen[finding].fillna(0).sum()


def test_published_counts_stand_beside_ours(
    rows: list[dict[str, Any]], drawn: Path, svg_texts: Texts
) -> None:
    """B-07 to B-16, and external sites are tested only (B-04)."""
    shown = svg_texts(drawn / "flow.svg")
    for count in ("223,414", "161,035", "46,468", "70,653", "22,294", "377,110", "5,159", "1,714"):
        assert count in shown
    assert (shown.count("Test"), shown.count("Train")) == (3, 2)
    assert shown.count("Left out") == 1
    listed = pd.read_csv(drawn / flow.CSV_NAME, dtype=str).fillna("")
    assert tuple(listed) == flow.COLUMNS
    for part, requirement in zip(PARTS, ("B-11", "B-12", "B-13"), strict=True):
        chosen = listed[(listed["site"] == "chexpert") & (listed["box"] == part)]
        assert set(chosen.loc[chosen["label"] == "yes", "requirement"]) == {requirement}
    assert set(listed["synthetic"]) == {"yes"}
    assert any("SYNTHETIC DATA" in text for text in shown)


def test_scans_without_any_label_are_counted(divided: Divided) -> None:
    row = "mimic-cxr-jpg-synthetic"
    split = divided.splits[row].copy()
    split.loc[:2, [*study.TITLES]] = pd.NA
    lost = dataclasses.replace(divided, splits={**divided.splits, row: split})
    found = [one for one in flow.table(lost, []) if one["quantity"] == "without"]
    assert [(one["site"], one["box"], one["count"]) for one in found] == [
        ("mimic-cxr-jpg", "test", 3)
    ]


def test_a_scan_left_out_though_its_view_is_used_is_told_apart(divided: Divided) -> None:
    row = "mimic-cxr-jpg-synthetic"
    splits = {**divided.splits, row: divided.splits[row].iloc[5:]}
    found = flow.table(dataclasses.replace(divided, splits=splits), [])
    told = {
        one["name"] for one in found if (one["site"], one["quantity"]) == ("mimic-cxr-jpg", "view")
    }
    assert told
    assert all(name.endswith(", other reason") for name in told)


def test_a_site_that_is_not_here_says_so(
    divided: Divided, tmp_path: Path, svg_texts: Texts
) -> None:
    row = "chestxray14-synthetic"
    gone = dataclasses.replace(
        divided,
        manifests={**divided.manifests, row: divided.manifests[row].iloc[:0]},
        splits={**divided.splits, row: divided.splits[row].iloc[:0]},
    )
    flow.draw(gone, flow.table(gone, []), tmp_path)
    shown = svg_texts(tmp_path / "flow.svg")
    assert "ChestX-ray14: no data here" in shown
    assert "published" not in shown
