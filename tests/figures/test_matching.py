"""matching: the table of age and sex by class, from drawn manifests and splits."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elsewhere.figures import matching
from elsewhere.figures.divided import Divided
from elsewhere.figures.results import Results

Texts = Callable[[Path], list[str]]
CLASSES = ("COVID-19 negative", "COVID-19 positive")
N = 40


def scans(years: list[np.ndarray], women: list[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Manifest and split of two scans a patient; the second scan is a year older."""
    rows = []
    for label, of_label in enumerate(years):
        for number, age in enumerate(of_label):
            name = f"{label}-{number}"
            sex = "unknown" if number >= N - 4 else "F" if number < women[label] else "M"
            rows += [
                {"scan_id": f"{name}-{k}", "patient_id": name, "age": age + k, "sex": sex,
                 "label": label, "patient_key": "published", "fold": 0, "part": "train"}
                for k in range(2)
            ]  # fmt: skip
    frame = pd.DataFrame(rows)
    manifest = ["scan_id", "patient_id", "patient_key", "age", "sex"]
    return frame[manifest], frame[["scan_id", "patient_id", "label", "fold", "part"]]


@pytest.fixture
def divided(nguyen: Results) -> Divided:
    """Classes far apart at the first site, without ages at the second, one class at the last."""
    apart = [np.linspace(30, 60, N), np.append(np.linspace(60, 80, N - 1), np.nan)]
    unknown = [np.full(N, np.nan)] * 2
    made = [scans(apart, [30, 10]), scans(unknown, [0, 0]), scans(apart[:1] * 2, [18, 18])]
    made.append(scans([np.array([]), apart[1]], [0, 9]))
    rows = [column.row for column in nguyen.columns]
    made[1][0]["sex"] = "unknown"
    manifests, splits = (dict(zip(rows, kept, strict=True)) for kept in zip(*made, strict=True))
    return Divided(nguyen.columns, manifests, splits, {})


@pytest.fixture
def drawn(divided: Divided, tmp_path: Path) -> Path:
    compared = matching.compare(divided, confidence=0.95)
    assert matching.draw(divided, compared, tmp_path, classes=CLASSES) == ["matching"]
    return tmp_path


def test_each_patient_counts_once_and_unknown_values_are_counted(drawn: Path) -> None:
    with (drawn / "matching.csv").open(encoding="utf-8", newline="") as file:
        first, second, third, last = csv.DictReader(file)
    assert tuple(first) == matching.COLUMNS
    assert (first["patients_0"], first["age_known_0"], first["sex_unknown_0"]) == ("40", "40", "4")
    assert (first["patients_1"], first["age_known_1"]) == ("40", "39")
    assert float(first["age_mean_0"]) == pytest.approx(45), "the younger of two scans"
    assert float(first["age_value"]) == pytest.approx(70 - 45)
    assert float(first["age_p_holm"]) < 1e-6
    assert float(first["female_value"]) == pytest.approx(10 / 36 - 30 / 36)
    assert (second["age_known_0"], second["sex_unknown_1"], second["age_p"]) == ("0", "40", "")
    assert "fewer than 2 patients" in second["age_reason"]
    assert (float(third["age_value"]), float(third["age_p_holm"])) == (0, 1)
    assert (last["patients_0"], last["age_p"]) == ("0", "")
    assert last["age_reason"] == "the site has patients of one class only"


def test_the_figure_says_what_differs_and_what_is_not_known(drawn: Path, svg_texts: Texts) -> None:
    shown = svg_texts(drawn / "matching.svg")
    text = " ".join(shown)
    assert "45.0 ± 9.0" in shown
    half = 1.997 * np.sqrt(80.9 / 40 + 35.1 / 39)  # Welch's t of 66 degrees of freedom
    assert f"+25.0 (+{25 - half:.1f} to +{25 + half:.1f})" in shown
    assert "30 (83%)" in shown
    assert "CC-CCII: age known of fewer than 2 patients of a class" in text
    assert "does not show that they are" in text
    assert "nan" not in text
    assert "SYNTHETIC DATA" in text


def test_a_site_that_is_not_here_says_so(nguyen: Results, tmp_path: Path, svg_texts: Texts) -> None:
    manifest, split = scans([np.array([]), np.array([50.0, 60.0])], [0, 1])
    rows = [column.row for column in nguyen.columns]
    manifests = dict.fromkeys(rows, manifest.iloc[:0])
    splits = dict.fromkeys(rows, split.iloc[:0])
    of = Divided(nguyen.columns, manifests, splits, {})
    matching.draw(of, matching.compare(of, confidence=0.95), tmp_path, classes=CLASSES)
    assert svg_texts(tmp_path / "matching.svg").count("no data here") == 4
