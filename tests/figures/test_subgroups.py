"""subgroups: every arm and site, with and without the device, marked where synthetic (B-45)."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from elsewhere.design.scoring import Scoring
from elsewhere.design.subgroups import Subgroups
from elsewhere.figures import style, subgroups
from elsewhere.figures.results import Results
from elsewhere.scores import subgroups as scores
from elsewhere.scores.cell import Predicted

Texts = Callable[[Path], list[str]]
CHOSEN = Subgroups(finding="cardiomegaly", device="support_devices")
SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=50, seed=0)
ARMS, SITES = ("single-a", "joint"), ("sars-cov-2-ct-synthetic", "covid-ct-synthetic")
N = 80


@pytest.fixture(scope="module")
def results(contrastive: Results) -> Results:
    """Two arms on two sites; the second site is real, and publishes no device."""
    rows = tuple(row for row in contrastive.rows if row.name in ARMS)
    first, second = contrastive.columns
    columns = (first, dataclasses.replace(second, synthetic=False))
    named = dataclasses.replace(contrastive.named, finding="Cardiomegaly")
    return dataclasses.replace(contrastive, named=named, rows=rows, columns=columns)


@pytest.fixture(scope="module")
def states() -> dict[str, pd.Series]:
    scans = [f"s{number:03d}" for number in range(N)]
    told = np.resize(["positive", "negative", "negative", "blank"], N)
    return {
        SITES[0]: pd.Series(told, index=scans),
        SITES[1]: pd.Series(["not annotated"] * N, index=scans),
    }


@pytest.fixture(scope="module")
def predicted() -> dict[str, Predicted]:
    """Two findings; of the other one every score is at odds with every label."""
    found = {}
    for number, key in enumerate(f"{arm}/{site}" for arm in ARMS for site in SITES):
        dice = np.random.default_rng(number)
        labels = np.arange(N) // 3 % 2
        frame = pd.DataFrame({"scan_id": [f"s{one:03d}" for one in range(N)]})
        frame = frame.assign(patient_id=frame["scan_id"], label=labels, fold=0, seed=0, part="test")
        right = frame.assign(
            finding="cardiomegaly", probability_1=np.clip(0.3 * labels + dice.random(N) / 2, 0, 1)
        )
        wrong = frame.assign(finding="edema", probability_1=1.0 - labels)
        frame = pd.concat([wrong, right, right.assign(part="validation", probability_1=0.0)])
        found[key] = Predicted(frame, {"status": "ok", "patient_key": "published"})
    reason = "site B has no data here"
    found["joint/covid-ct-synthetic"] = Predicted(
        frame.iloc[:0], {"status": "not run", "reason": reason}
    )
    return found


@pytest.fixture(scope="module")
def rows(
    results: Results, predicted: dict[str, Predicted], states: dict[str, pd.Series]
) -> list[dict[str, Any]]:
    return subgroups.table(results, CHOSEN, predicted=predicted, states=states, scoring=SCORING)


def test_a_row_of_every_arm_site_and_quantity(rows: list[dict[str, Any]]) -> None:
    keys = {(row["arm"], row["site"], row["quantity"]) for row in rows}
    assert len(keys) == len(rows) == 2 * 2 * len(scores.QUANTITIES)
    assert {row["finding"] for row in rows} == {"cardiomegaly"}
    assert {row["device"] for row in rows} == {"support_devices"}
    assert {(row["site"], row["synthetic"]) for row in rows} == {
        ("site-a", "yes"),
        ("site-b", "no"),
    }
    trained = {(row["arm"], row["site"]): row["trained_here"] for row in rows}
    assert [trained["single-a", site] for site in ("site-a", "site-b")] == ["yes", "no"]


def test_numbers_are_those_of_the_finding_and_of_the_test_part(
    rows: list[dict[str, Any]], predicted: dict[str, Predicted], states: dict[str, pd.Series]
) -> None:
    frame = predicted[f"joint/{SITES[0]}"].frame
    scans = frame[(frame["finding"] == "cardiomegaly") & (frame["part"] == "test")]
    expected = scores.measure(
        scores.Scans(
            labels=scans["label"].to_numpy(),
            scores=scans["probability_1"].to_numpy(),
            patients=np.arange(N),
            states=list(states[SITES[0]]),
        ),
        scoring=SCORING,
    )
    found = {
        row["quantity"]: row for row in rows if (row["arm"], row["site"]) == ("joint", "site-a")
    }
    for quantity, numbers in expected.items():
        assert {name: found[quantity][name] for name in numbers} == numbers
    assert found[scores.ALL]["value"] > 0.8


def test_blank_is_absent_where_the_study_says_so(
    results: Results, predicted: dict[str, Predicted], states: dict[str, pd.Series]
) -> None:
    chosen = CHOSEN.model_copy(update={"blank": "absent"})
    found = subgroups.table(results, chosen, predicted=predicted, states=states, scoring=SCORING)
    without = next(row for row in found if row["quantity"] == scores.WITHOUT)
    assert without["n_scans"] == N * 3 // 4
    assert found[-1]["quantity"] == scores.UNKNOWN


def test_what_cannot_be_computed_says_why(rows: list[dict[str, Any]]) -> None:
    at_b = [row for row in rows if row["site"] == "site-b"]
    lost = [row for row in at_b if row["arm"] == "joint"]
    assert {(row["status"], row["reason"]) for row in lost} == {
        ("not run", "site B has no data here")
    }
    for row in at_b:
        if row["arm"] == "single-a" and row["value"] is None:
            assert row["status"] == "undefined"
            assert "80 not annotated" in row["reason"]
    assert all(row["reason"] for row in rows if row["value"] is None)


def test_the_figure_and_its_table(
    results: Results, rows: list[dict[str, Any]], tmp_path: Path, svg_texts: Texts
) -> None:
    subgroups.draw(results, CHOSEN, rows, tmp_path)
    with (tmp_path / subgroups.CSV_NAME).open(encoding="utf-8", newline="") as file:
        stored = list(csv.DictReader(file))
    assert tuple(stored[0]) == subgroups.COLUMNS
    assert len(stored) == len(rows)
    shown = " ".join(svg_texts(tmp_path / "subgroups.svg"))
    assert style.SYNTHETIC in shown
    of_first = {row["quantity"]: row for row in rows[: len(scores.QUANTITIES)]}
    first, alone = of_first[scores.WITHOUT], of_first[scores.ALONE]
    number = of_first[scores.POSITIVES]
    share = f"{number['value']:.0%} ({number['low']:.0%}–{number['high']:.0%})"
    for words in (
        f"{first['value']:.2f} ({first['low']:.2f}–{first['high']:.2f})",
        f"{first['n_scans']} scans, {first['n_positive']} pos.",
        "Cardiomegaly, with and without support devices",
        "AUC, all minus without",
        "(unseen site)",
        "20 of 80 scans is unknown (20 blank), so they are in neither group",
        "80 of 80 scans is unknown (80 not annotated)",
        f"Device in {share} of 26 positives",
        f"AUC of the device alone: {alone['value']:.2f} (",
        "is unknown, not absent",
        "not run",
    ):
        assert words in shown
    assert (tmp_path / "subgroups.png").is_file()


def test_a_real_study_is_not_called_synthetic(
    results: Results, rows: list[dict[str, Any]], tmp_path: Path, svg_texts: Texts
) -> None:
    real = tuple(dataclasses.replace(column, synthetic=False) for column in results.columns)
    subgroups.draw(dataclasses.replace(results, columns=real), CHOSEN, rows, tmp_path)
    assert style.SYNTHETIC not in svg_texts(tmp_path / "subgroups.svg")
