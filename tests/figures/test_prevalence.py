from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chestxray_study as study
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from elsewhere.figures import paper, prevalence
from elsewhere.figures.divided import Divided

Texts = Callable[[Path], list[str]]
SIZES = {"chexpert": 600, "chestxray14": 400, "mimic-cxr-jpg": 60}


@pytest.fixture(scope="module")
def divided() -> Divided:
    return study.cohorts(SIZES)


@pytest.fixture(scope="module")
def rows(divided: Divided) -> list[dict[str, Any]]:
    return prevalence.table(divided, paper.counts("chestxray"), confidence=0.95)


def test_every_scan_is_positive_negative_or_unknown(
    divided: Divided, rows: list[dict[str, Any]]
) -> None:
    """B-46: site x part x finding."""
    assert len(rows) == (3 + 3 + 1) * 5
    for row in rows:
        split = divided.splits[f"{row['site']}-synthetic"]
        scans = split[split["part"] == row["part"]]
        assert row["positive"] == scans[row["finding"]].fillna(0).sum()
        assert row["unknown"] == scans[row["finding"]].isna().sum()
        assert row["positive"] + row["negative"] + row["unknown"] == len(scans)
    assert any(row["unknown"] for row in rows)


def test_the_interval_takes_patients_for_trials(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        share = row["positive"] / (row["positive"] + row["negative"])
        low, high = proportion_confint(share * row["patients"], row["patients"], method="wilson")
        assert row["prevalence"] == share
        assert (row["low"], row["high"]) == pytest.approx((low, high))
        assert row["patients"] <= row["positive"] + row["negative"]


def test_scans_of_one_patient_do_not_narrow_it(divided: Divided) -> None:
    once = prevalence.table(divided, [], confidence=0.95)
    doubled = {row: pd.concat([split, split]) for row, split in divided.splits.items()}
    twice = prevalence.table(dataclasses.replace(divided, splits=doubled), [], confidence=0.95)
    for one, two in zip(once, twice, strict=True):
        assert (two["low"], two["high"]) == pytest.approx((one["low"], one["high"]))


def test_the_published_prevalence_is_that_of_the_published_counts(
    divided: Divided, rows: list[dict[str, Any]], tmp_path: Path, svg_texts: Texts
) -> None:
    """B-11 with B-07, B-16 with B-04."""
    found = {(row["site"], row["part"], row["finding"]): row for row in rows}
    effusion = found["chexpert", "train", "pleural_effusion"]
    assert effusion["published_prevalence"] == pytest.approx(70653 / 161035)
    assert effusion["requirement"] == "B-11"
    mimic = found["mimic-cxr-jpg", "test", "cardiomegaly"]
    assert mimic["published_prevalence"] == pytest.approx(1258 / 5159)
    assert prevalence.draw(divided, rows, tmp_path, confidence=0.95) == ["prevalence"]
    shown = svg_texts(tmp_path / "prevalence.svg")
    assert f"{100 * effusion['prevalence']:.1f}% ({100 * effusion['low']:.1f}" in " ".join(shown)
    assert "B-16" in " ".join(shown)
    assert any("SYNTHETIC DATA" in text for text in shown)
    listed = pd.read_csv(tmp_path / prevalence.CSV_NAME)
    assert tuple(listed) == prevalence.COLUMNS
    assert listed["prevalence"].to_numpy() == pytest.approx(
        [row["prevalence"] for row in rows], abs=1e-6
    )


def test_a_finding_that_a_site_does_not_annotate_has_no_prevalence(
    divided: Divided, tmp_path: Path, svg_texts: Texts
) -> None:
    row = "mimic-cxr-jpg-synthetic"
    split = divided.splits[row].assign(edema=pd.array([pd.NA] * 60, dtype="Int64"))
    bare = dataclasses.replace(divided, splits={**divided.splits, row: split})
    rows = prevalence.table(bare, [], confidence=0.95)
    (lost,) = [one for one in rows if one["prevalence"] is None]
    assert (lost["site"], lost["finding"], lost["unknown"]) == ("mimic-cxr-jpg", "edema", 60)
    prevalence.draw(bare, rows, tmp_path, confidence=0.95)
    shown = svg_texts(tmp_path / "prevalence.svg")
    assert "no scan has a label" in shown
    assert "Orange" not in " ".join(shown)


def test_a_site_that_is_not_here_is_named(
    divided: Divided, tmp_path: Path, svg_texts: Texts
) -> None:
    row = "chestxray14-synthetic"
    gone = dataclasses.replace(
        divided, splits={**divided.splits, row: divided.splits[row].iloc[:0]}
    )
    rows = prevalence.table(gone, [], confidence=0.95)
    prevalence.draw(gone, rows, tmp_path, confidence=0.95)
    assert "No data here: ChestX-ray14." in " ".join(svg_texts(tmp_path / "prevalence.svg"))


def test_nothing_is_drawn_without_scans(divided: Divided, tmp_path: Path) -> None:
    gone = dataclasses.replace(
        divided, splits={row: split.iloc[:0] for row, split in divided.splits.items()}
    )
    assert prevalence.draw(gone, [], tmp_path, confidence=0.95) == []
    assert prevalence.table(gone, [], confidence=0.95) == []
