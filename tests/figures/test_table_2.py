"""table_2: every image and comment of the reader, and the paper's table below (B-44)."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from elsewhere.figures import paper, style, table_2
from elsewhere.figures.table_2 import About
from elsewhere.scores.reader_study import Reading, agreement

Texts = Callable[[Path], list[str]]
ARMS = {"dense": "DenseNet121, both sites", "inception": "InceptionResNetV2"}
READ = [
    Reading(0.52, "borderline", "a $5 lead, & a device <left>"),
    Reading(0.61, "yes"),
    Reading(),
]


def about(*, synthetic: bool = False) -> About:
    named = {"title": "Cardiomegaly", "site": "Elsewhere General", "arms": ARMS}
    return About(**named, enlarged_from=0.55, synthetic=synthetic, alone=True)


def case(number: int, label: int, *probabilities: float) -> dict[str, Any]:
    found: dict[str, Any] = {"image": f"review-abc-{number:02d}.png", "label": label}
    for arm, probability in zip(ARMS, probabilities, strict=True):
        found |= {f"probability_{arm}": probability, f"threshold_{arm}": 0.45}
        found[f"call_{arm}"] = probability >= 0.45
    return found


CASES = [case(1, 0, 0.696, 0.123), case(2, 1, 0.321, 0.605), case(3, 0, 0.553, 0.472)]


def drawn(folder: Path, *, synthetic: bool = False) -> list[dict[str, Any]]:
    one = about(synthetic=synthetic)
    rows = table_2.rows(one, zip(CASES, READ, strict=True))
    counted = agreement(
        [(case["label"], read) for case, read in zip(CASES, READ, strict=True)],
        enlarged_from=0.55,
        confidence=0.95,
    )
    known = paper.review("chestxray")
    table_2.draw(one, rows, folder, agreement=counted, published=known)
    return rows


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_is_stored_as_it_was_read(tmp_path: Path) -> None:
    drawn(tmp_path)
    rows = read_csv(tmp_path / table_2.CSV_NAME)
    assert [row["image"] for row in rows] == [one["image"] for one in CASES]
    assert [row["ground_truth"] for row in rows] == [
        "No Cardiomegaly",
        "Cardiomegaly",
        "No Cardiomegaly",
    ]
    assert [float(row["probability_dense"]) for row in rows] == [0.696, 0.321, 0.553]
    assert [row["call_dense"] for row in rows] == ["wrong"] * 3
    assert [row["call_inception"] for row in rows] == ["right", "right", "wrong"]
    assert [row["ratio_says"] for row in rows] == ["borderline", "enlarged", "not measured"]
    assert [row["cardiothoracic_ratio"] for row in rows] == ["0.52", "0.61", ""]
    assert rows[0]["comment"] == READ[0].comment
    assert {row["synthetic"] for row in rows} == {"no"}
    first = read_csv(tmp_path / table_2.AGREEMENT_NAME)[0]
    assert (first["quantity"], first["n"], first["of"]) == (
        "impression borderline",
        "1",
        "2",
    )


def test_the_figure_shows_every_number_and_word(tmp_path: Path, svg_texts: Texts) -> None:
    drawn(tmp_path)
    shown = " ".join(svg_texts(tmp_path / "table_2.svg"))
    for words in (
        "misclassified scans of Elsewhere General",
        "0.696 wrong",
        "0.605",
        "borderline",
        "a $5 lead, & a device",
        "not measured",
        "impression borderline: 1 of 2",
        "DenseNet121, both sites: 0.450",
        "up to 0.55 borderline",
    ):
        assert words in shown
    assert style.SYNTHETIC not in shown
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(table_2.FILES)


def test_the_published_table_stands_below_and_is_never_mixed(
    tmp_path: Path, svg_texts: Texts
) -> None:
    drawn(tmp_path)
    shown = svg_texts(tmp_path / "table_2.svg")
    at = shown.index("Published")
    theirs = ["0.496", "0.605", "0.472", "0.565", "0.696", "0.477", "0.553", "0.419"]
    assert [text for text in shown[at:] if text in theirs] == [
        theirs[of + image] for image in range(4) for of in (0, 4)
    ]
    assert "0.496" not in shown[:at]
    assert "Table 2 of the paper (B-44)" in " ".join(shown)
    for name in (table_2.CSV_NAME, table_2.AGREEMENT_NAME):
        assert "0.496" not in (tmp_path / name).read_text()


@pytest.mark.parametrize("alone", [True, False])
def test_images_of_unknown_patients_are_not_told_apart(
    tmp_path: Path, svg_texts: Texts, *, alone: bool
) -> None:
    one = dataclasses.replace(about(), alone=alone)
    rows = table_2.rows(one, zip(CASES, READ, strict=True))
    table_2.draw(one, rows, tmp_path, agreement=[], published=[])
    shown = " ".join(svg_texts(tmp_path / "table_2.svg"))
    assert ("one per patient" in shown) is alone
    assert ("perhaps several of one patient" in shown) is not alone
    assert "Published" not in shown


def test_synthetic_images_are_called_so(tmp_path: Path, svg_texts: Texts) -> None:
    drawn(tmp_path, synthetic=True)
    assert style.SYNTHETIC in svg_texts(tmp_path / "table_2.svg")
    for name in (table_2.CSV_NAME, table_2.AGREEMENT_NAME):
        assert {row["synthetic"] for row in read_csv(tmp_path / name)} == {"yes"}


@pytest.mark.parametrize(("threshold", "stored"), [(float("nan"), None), (0.45, 0.45)])
def test_a_threshold_of_each_run_is_no_number(threshold: float, stored: float | None) -> None:
    one = CASES[0] | {"threshold_dense": threshold}
    (row,) = table_2.rows(about(), [(one, READ[0])])
    assert row["threshold_dense"] == stored
