from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chestxray_study as study
import pytest

from elsewhere.figures import finding_table, paper, style, table_1
from elsewhere.figures.compared import COLUMNS
from elsewhere.figures.places import ByFinding

Texts = Callable[[Path], list[str]]


@pytest.fixture(scope="module")
def radiographs() -> ByFinding:
    return study.by_finding(study.together(study.predictions(60)))


@pytest.fixture(scope="module")
def rows(radiographs: ByFinding) -> list[dict[str, Any]]:
    return finding_table.table(radiographs, paper.read("chestxray"))


@pytest.fixture(scope="module")
def drawn(
    radiographs: ByFinding, rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("table_1")
    assert table_1.draw(radiographs, rows, folder) == ["table_1"]
    return folder


def test_the_table_of_the_paper_is_all_there(rows: list[dict[str, Any]]) -> None:
    """B-28, B-32 to B-37: 12 cells of 5 AUCs, as they were typed a second time for the tests."""
    found: dict[tuple[str, str, bool], list[str]] = {}
    for row in rows:
        if row["published"]:
            trained = row["arm"].removesuffix(f"-{row['network']}")
            key = (row["network"], trained, row["kind"] == "internal")
            found.setdefault(key, []).append(row["published"])
    assert {key: " ".join(values) for key, values in found.items()} == {
        (network, trained, inside): printed[0 if inside else 1]
        for (network, trained), printed in study.TABLE_1.items()
        for inside in (True, False)
    }


def test_ours_are_those_of_the_cells(radiographs: ByFinding, rows: list[dict[str, Any]]) -> None:
    # 3 places of each single-site arm, 2 of each joint one
    assert len(rows) == 2 * (3 + 3 + 2) * 5
    for row in rows:
        cells = (
            radiographs.internal[row["finding"]]
            if row["kind"] == "internal"
            else {
                arm: cell
                for (arm, site), cell in radiographs.results[row["finding"]].cells.items()
                if site == f"{row['site']}-synthetic"
            }
        )
        assert row["auc"] == cells[row["arm"]]["pooled"]["auc"]
        assert (row["status"], row["synthetic"]) == ("ok", "yes")


def test_published_numbers_stand_below_ours_and_are_grey(
    rows: list[dict[str, Any]], drawn: Path, svg_texts: Texts
) -> None:
    path = drawn / "table_1.svg"
    shown = svg_texts(path)
    first = shown.index("ours")
    ours = shown[first + 1 : first + 6]
    assert ours == [
        f"{row['auc']:.3f} ({row['auc_low']:.3f}–{row['auc_high']:.3f})" for row in rows[:5]
    ]
    assert shown[first + 6 : first + 12] == ["published", *study.TABLE_1[
        "densenet121", "chexpert"
    ][0].split()]  # fmt: skip
    grey = [line for line in path.read_text().splitlines() if ">published<" in line]
    assert len(grey) == 12
    assert all(f"fill: {style.MUTED}" in line for line in grey)
    notes = " ".join(shown)
    assert "columns presumed in the order of Figures 4 to 6" in notes
    assert "SYNTHETIC DATA" in notes


def test_the_csv_tells_ours_from_published(rows: list[dict[str, Any]], drawn: Path) -> None:
    with (drawn / table_1.CSV_NAME).open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert tuple(found[0]) == table_1.COLUMNS
    assert [float(row["auc"]) for row in found] == [row["auc"] for row in rows]
    # a site that the paper did not test an arm on has no published number
    unseen = [row for row in found if row["site"] == "chestxray14"]
    assert {row["published"] for row in unseen} == {""}


def test_without_published_numbers_there_are_only_ours(
    radiographs: ByFinding, tmp_path: Path, svg_texts: Texts
) -> None:
    table_1.draw(radiographs, finding_table.table(radiographs, []), tmp_path)
    shown = svg_texts(tmp_path / "table_1.svg")
    assert "published" not in shown
    assert "Grey" not in " ".join(shown)
    assert shown.count("ours") == 16


def test_what_has_no_auc_says_why(radiographs: ByFinding, tmp_path: Path, svg_texts: Texts) -> None:
    why = "AUC undefined: all 60 test scans are negative"
    cell = radiographs.internal["edema"]["both-densenet121"]
    none = dict.fromkeys(("auc", "auc_low", "auc_high"))
    pooled = cell["pooled"] | none | {"n_positive": 0, "status": "undefined", "reason": why}
    lost = cell | {"pooled": pooled, "status": "undefined", "reason": why}
    internal = {name: dict(cells) for name, cells in radiographs.internal.items()}
    internal["edema"]["both-densenet121"] = lost
    rows = finding_table.table(
        dataclasses.replace(radiographs, internal=internal), paper.read("chestxray")
    )
    table_1.draw(radiographs, rows, tmp_path)
    assert "undefined: one class" in " ".join(svg_texts(tmp_path / "table_1.svg"))
    (row,) = [row for row in rows if row["status"] != "ok"]
    assert row["reason"] == why
    (said,) = [one for one in finding_table.beside(rows) if one["ours"].startswith("undefined")]
    assert said["comment"].startswith(why)
    assert said["published"] == "0.900"


def test_beside_has_every_published_number_once(rows: list[dict[str, Any]]) -> None:
    found = finding_table.beside(rows)
    assert len(found) == len({row["quantity"] for row in found}) == 60
    assert all(set(row) == set(COLUMNS) for row in found)
    assert all(row["ours"][:5] != row["published"] or row["ours"][5] == " " for row in found)
