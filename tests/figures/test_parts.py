"""parts: counts by site, class and part, of drawn splits and as the paper prints them."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.figures import paper, parts
from elsewhere.figures.divided import Divided
from elsewhere.figures.results import Results

Texts = Callable[[Path], list[str]]
CLASSES = ("COVID-19 negative", "COVID-19 positive")
PLAN = {"train": (7, 4), "validation": (2, 1), "test": (3, 2)}  # patients of label 0 and 1


def split(folds: int = 1) -> pd.DataFrame:
    """Two scans a patient; in a later fold all is training."""
    lines = []
    for fold in range(folds):
        for part, counts in PLAN.items():
            for label, count in enumerate(counts):
                for patient in range(count):
                    name = f"{part}-{label}-{patient}"
                    where = {"fold": fold, "part": "train" if fold else part, "label": label}
                    lines += [
                        {"scan_id": f"{name}-{scan}", "patient_id": name, **where}
                        for scan in range(2)
                    ]
    return pd.DataFrame(lines)


def divided(results: Results, *, gone: str = "", folds: int = 1) -> Divided:
    manifest = pd.DataFrame({"scan_id": ["x"], "patient_key": ["published"]})
    rows = [column.row for column in results.columns]
    empty = split().iloc[:0]
    splits = {row: empty if gone and gone in row else split(folds) for row in rows}
    return Divided(results.columns, dict.fromkeys(rows, manifest), splits, {})


@pytest.fixture
def drawn(nguyen: Results, tmp_path: Path) -> Path:
    of = divided(nguyen, gone="mosmed", folds=2)
    rows = parts.table(of, CLASSES, known=paper.counts("nguyen2021"))
    assert parts.draw(of, rows, tmp_path) == ["parts"]
    return tmp_path


def test_every_class_and_part_is_counted_beside_the_published(drawn: Path) -> None:
    with (drawn / "parts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == parts.COLUMNS
    found = {(r["site"], r["label"], r["part"], r["quantity"]): r for r in rows}
    assert len(found) == len(rows) == 4 * 2 * 4 * 2
    for part, counts in PLAN.items():
        for label, count in enumerate(counts):
            assert found["utsw", str(label), part, "patients"]["count"] == str(count)
            assert found["utsw", str(label), part, "scans"]["count"] == str(2 * count)
    assert found["utsw", "0", "all", "scans"]["count"] == "24"
    positive = found["cc-ccii", "1", "train", "scans"]
    assert (positive["published"], positive["requirement"]) == ("1110", "A-20")
    assert found["mosmed", "1", "test", "patients"]["published"] == "171"
    assert found["mosmed", "1", "test", "patients"]["count"] == "", "no data here, not 0"
    assert found["mosmed", "0", "test", "patients"]["published"] == "", "it has no negatives"


def test_the_figure_says_what_is_published_and_what_is_a_fold(
    drawn: Path, svg_texts: Texts
) -> None:
    shown = svg_texts(drawn / "parts.svg")
    assert {"A-18", "A-19", "A-20", "A-21", "A-22", "A-23", "A-24"} <= {*shown}
    assert {"1,110", "1,305", "published", "ours"} <= {*shown}
    text = " ".join(shown)
    assert "which are not used in ours" in text
    assert "the first of 2 folds" in text
    assert "SYNTHETIC DATA" in text


def test_without_a_paper_there_are_ours_alone(
    nguyen: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    columns = tuple(dataclasses.replace(one, synthetic=False) for one in nguyen.columns)
    of = dataclasses.replace(divided(nguyen), columns=columns)
    parts.draw(of, parts.table(of, CLASSES, known=[]), tmp_path)
    shown = " ".join(svg_texts(tmp_path / "parts.svg"))
    assert "published" not in shown.replace("not published", "")
    assert "SYNTHETIC" not in shown
