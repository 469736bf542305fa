from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.figures import embeddings, style
from elsewhere.figures.results import Results
from elsewhere.scores.explained import Explained

MAKER = runpy.run_path(str(Path(__file__).with_name("conftest.py")))
Texts = Callable[[Path], list[str]]


@pytest.fixture(scope="module")
def arms(contrastive: Results) -> dict[str, Explained]:
    rows = [column.row for column in contrastive.columns]
    return {
        "joint": MAKER["look_into"](rows, seed=0),
        "contrastive": MAKER["look_into"](rows, seed=1),
        "sepnorm": MAKER["not_looked_into"]("site b has no data here"),
    }


@pytest.fixture(scope="module")
def folder(
    contrastive: Results, arms: dict[str, Explained], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    place = tmp_path_factory.mktemp("embeddings")
    embeddings.draw(contrastive, arms, place)
    return place


def test_every_scan_is_a_mark_in_the_colour_of_its_site(
    folder: Path, arms: dict[str, Explained], contrastive: Results
) -> None:
    svg = (folder / "embeddings.svg").read_text()
    scans = sum(len(found.embeddings) for found in arms.values())
    for colour in style.PALETTE[: len(contrastive.columns)]:
        # in the key a square more
        marks = len(re.findall(rf"<use [^>]*stroke: {colour}", svg))
        assert marks in range(scans // 2, scans // 2 + 3), colour


def test_the_picture_is_backed_by_numbers(folder: Path, svg_texts: Texts) -> None:
    shown = svg_texts(folder / "embeddings.svg")
    assert shown.count("which site: AUC 0.99, p 0.0001 (60 scans)") == 2
    assert shown.count("which class: AUC 0.71, p 0.0312 (60 scans)") == 2
    assert "t-SNE" in " ".join(shown)


def test_the_table_has_two_rows_an_arm(folder: Path, arms: dict[str, Explained]) -> None:
    written = pd.read_csv(folder / embeddings.CSV_NAME)
    assert tuple(written.columns) == embeddings.COLUMNS
    assert list(written["arm"]) == [arm for arm in arms for _ in range(2)]
    of_joint = written[written["arm"] == "joint"].set_index("target")["auc"]
    assert dict(of_joint) == {"site": 0.987, "class": 0.713}
    assert set(written.loc[written["arm"] == "sepnorm", "status"]) == {"not run"}
    assert written.loc[written["arm"] == "sepnorm", "auc"].isna().all()


def test_what_was_not_run_or_cannot_be_told_says_so(
    contrastive: Results, arms: dict[str, Explained], tmp_path: Path, svg_texts: Texts
) -> None:
    joint = arms["joint"]
    none = {"auc": None, "n_scans": 3, "status": "undefined", "reason": "one name: a"}
    record = {**joint.record, "linear_probe": {"site": none, "class": none}}
    few = {"joint": Explained(record, joint.gallery, joint.embeddings), "sepnorm": arms["sepnorm"]}
    embeddings.draw(contrastive, few, tmp_path)
    shown = " ".join(svg_texts(tmp_path / "embeddings.svg"))
    assert "which site: undefined: one name: a" in shown
    assert "not run: site b has no data here" in shown


def test_what_is_not_known_of_patients_is_not_claimed(folder: Path, svg_texts: Texts) -> None:
    shown = " ".join(svg_texts(folder / "embeddings.svg"))
    assert "SARS-CoV-2 CT *" in shown
    assert "no patient (* no image) in two folds: at * images of one patient" in shown
    assert "no patient keys published" in shown
    written = pd.read_csv(folder / embeddings.CSV_NAME)
    assert written["n_patients"].isna().all(), "it would be a count of images"
    assert set(written.loc[written["arm"] == "joint", "clusters"]) == {50}


def test_where_patients_are_known_they_are_counted(
    nguyen: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    rows = [column.row for column in nguyen.columns]
    embeddings.draw(nguyen, {"utsw": MAKER["look_into"](rows)}, tmp_path)
    shown = " ".join(svg_texts(tmp_path / "embeddings.svg"))
    assert "cross-validated, no patient in two folds; 0.5 = chance" in shown
    assert set(pd.read_csv(tmp_path / embeddings.CSV_NAME)["n_patients"]) == {50}
