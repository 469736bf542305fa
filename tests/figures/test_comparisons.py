from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from elsewhere.design.comparisons import Comparisons
from elsewhere.design.job import Job
from elsewhere.figures import arm_pairs, comparisons
from elsewhere.figures.results import Results
from elsewhere.scores import arms
from elsewhere.scores.cell import Predicted
from elsewhere.steps.figure import Settings

Texts = Callable[[Path], list[str]]
Compared = tuple[Job, Settings]
A, B = "sars-cov-2-ct-synthetic", "covid-ct-synthetic"


@pytest.fixture(scope="module")
def table(compared: Compared) -> list[dict[str, str]]:
    path = compared[0].outputs["figures"] / comparisons.CSV_NAME
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _only(table: list[dict[str, str]], **at: str) -> list[dict[str, str]]:
    return [row for row in table if all(row[name] == value for name, value in at.items())]


def test_arms_are_compared_where_both_were_trained(table: list[dict[str, str]]) -> None:
    assert tuple(table[0]) == comparisons.COLUMNS
    both = {(row["site"], row["arm"], row["against"]) for row in table}
    assert both == {
        *(("site-a", "contrastive", arm) for arm in ("single-a", "joint", "sepnorm")),
        *(("site-b", "contrastive", arm) for arm in ("single-b", "joint", "sepnorm")),
        ("site-a", "single-a", "joint"),
        *((site, "sepnorm", "contrastive") for site in ("site-a", "site-b")),
        *((site, "contrastive-on-test", "contrastive") for site in ("site-a", "site-b")),
    }
    assert len(table) == len(both) * (2 * 5 + 1)


def test_the_numbers_are_those_of_the_metrics(
    compared: Compared, table: list[dict[str, str]]
) -> None:
    runs = []
    for arm in ("contrastive", "joint"):
        metrics = json.loads(compared[0].paths("metrics")[f"{arm}/{B}"].read_text())
        runs.append(np.array([run["f1"] for run in metrics["runs"]]))
    at = {"site": "site-b", "arm": "contrastive", "against": "joint"}
    (row,) = _only(table, test="paired t", measure="f1", **at)
    assert int(row["n"]) == 8
    assert float(row["p"]) == pytest.approx(stats.ttest_rel(*runs).pvalue)
    assert float(row["difference"]) == pytest.approx(np.mean(runs[0] - runs[1]))


def test_the_pooled_scans_are_those_of_the_matrix(
    compared: Compared, table: list[dict[str, str]]
) -> None:
    for row in _only(table, test="DeLong"):
        site = A if row["site"] == "site-a" else B
        for side, arm in (("mean_arm", row["arm"]), ("mean_against", row["against"])):
            metrics = json.loads(compared[0].paths("metrics")[f"{arm}/{site}"].read_text())
            assert float(row[side]) == pytest.approx(metrics["pooled"]["auc"])


def test_a_published_p_stands_beside_every_measure_of_the_published_test(
    table: list[dict[str, str]],
) -> None:
    joint = _only(table, site="site-a", against="joint", published_p="0.007")
    assert {row["arm"] for row in joint} == {"contrastive"}
    assert {row["measure"] for row in joint} == {
        "accuracy",
        "f1",
        "sensitivity",
        "precision",
        "auc",
    }
    assert {(row["test"], row["requirement"]) for row in joint} == {("paired t", "D-41")}
    assert not any(row["published_p"] for row in table if row["test"] != "paired t")


def _weights(path: Path) -> list[tuple[str, bool]]:
    """Return each text of an SVG and whether it is bold."""
    found = ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
    return [
        ("".join(one.itertext()).strip(), any(w in one.get("style", "") for w in ("700", "bold")))
        for one in found
    ]


def test_every_p_is_written_and_bold_where_it_holds_after_holm(
    compared: Compared, table: list[dict[str, str]]
) -> None:
    shown = _weights(compared[0].outputs["figures"] / "comparisons.svg")
    bold = sorted(words for words, is_bold in shown if is_bold and words.strip("–")[:1] in "<0")
    held = [row for row in table if row["p_holm"] and float(row["p_holm"]) < 0.05]
    assert held
    assert len(held) < len(table)

    def written(rows: list[dict[str, str]]) -> list[str]:
        p_values = [(float(row["p"]), float(row["difference"]) < 0) for row in rows]
        return sorted(
            "–" * worse + ("<0.001" if p < 0.001 else f"{p:.3f}") for p, worse in p_values
        )

    assert bold == written(held)
    plain = [words for words, _ in shown]
    assert all(plain.count(p) >= written(table).count(p) for p in set(written(table)))


def test_the_families_are_told(compared: Compared, svg_texts: Texts) -> None:
    shown = " ".join(svg_texts(compared[0].outputs["figures"] / "comparisons.svg"))
    answered = [
        entry
        for entry in json.loads(compared[0].path("audit").read_text(encoding="utf-8"))["shortcuts"]
        if entry["p"] is not None
    ]
    both = len(answered) + 11
    assert f"confirmatory: over {both} tests of this study, its audit included" in shown
    assert "exploratory: over its own 55 tests" in shown
    assert "SYNTHETIC DATA" in shown


def test_a_cell_that_was_not_run_says_so(
    contrastive: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    empty = Predicted(pd.DataFrame(), {"status": "not run"})
    cells = dict(contrastive.cells)
    for key, cell in cells.items():
        if key[0] == "contrastive":
            lost: dict[str, Any] = {"status": "not run", "reason": "site x has no data", "runs": []}
            cells[key] = {**cell, **lost}
    results = Results(contrastive.named, contrastive.rows, contrastive.columns, cells)
    pairs = arm_pairs.pairs(
        results,
        (Comparisons(arm="contrastive", against=("joint",)),),
        predicted={f"{arm}/{row}": empty for arm, row in cells},
        gates={A: {"counts": []}, B: {"counts": []}},
    )
    tests = arms.compare(pairs, confidence=0.95, measures=[*results.compared])
    rows = arm_pairs.beside(tests, [])
    comparisons.draw(results, rows, tmp_path)
    assert {row["status"] for row in rows} == {"not run"}
    shown = svg_texts(tmp_path / "comparisons.svg")
    assert shown.count("not run: site x has no data") == 2
    assert shown.count("none") == len(rows)


def test_strangers_are_compared_with_strangers(nguyen: Results) -> None:
    """A-38: a site of both, a site of neither; never one that only one of them knows."""
    empty = Predicted(pd.DataFrame(), {"status": "ok"})
    pairs = arm_pairs.pairs(
        nguyen,
        (Comparisons(arm="utsw_cc-ccii", against=("utsw",)),),
        predicted={f"{arm}/{row}": empty for arm, row in nguyen.cells},
        gates={column.row: {"counts": []} for column in nguyen.columns},
    )
    assert [pair.names[0] for pair in pairs] == ["utsw", "covid-ctset", "mosmed"]


def test_every_arm_is_asked_for_at_every_site_and_the_optimistic_say_so(
    compared: Compared, svg_texts: Texts
) -> None:
    shown = svg_texts(compared[0].outputs["figures"] / "comparisons.svg")
    assert shown.count("Is SepNorm + Contrastive better?") == 2
    assert shown.count("Is Single (Redesign), A better?") == 1
    assert shown.count("Is SepNorm + Contrastive (optimistic: chosen on test) better?") == 2
    assert shown.count("than SepNorm + Contrastive") == 4
    assert shown.count("than SepNorm") == 2


def test_a_worse_arm_is_red_with_a_minus(
    compared: Compared, table: list[dict[str, str]], svg_texts: Texts
) -> None:
    """The swapped pair has the same p, and is not to be read as better."""
    path = compared[0].outputs["figures"] / "comparisons.svg"
    (row,) = _only(table, site="site-b", arm="sepnorm", test="DeLong")
    (swapped,) = _only(table, site="site-b", against="sepnorm", test="DeLong")
    assert float(row["p"]) == pytest.approx(float(swapped["p"]))
    assert float(row["difference"]) == pytest.approx(-float(swapped["difference"]))
    assert float(row["difference"]) < 0
    found = ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
    p_values = {
        text: "#b2182b" in one.get("style", "")
        for one in found
        if (text := "".join(one.itertext()).strip()).strip("–")[:1] in ("<", "0")
    }
    assert any(p_values.values())
    assert all(red == text.startswith("–") for text, red in p_values.items() if len(text) > 4)
    assert "red with –: worse than the arm of the line" in " ".join(svg_texts(path))


def test_the_notes_say_what_the_tests_leave_out(compared: Compared, svg_texts: Texts) -> None:
    shown = " ".join(svg_texts(compared[0].outputs["figures"] / "comparisons.svg"))
    for words in (
        "the seeds of a fold are averaged, because they share its scans",
        "its p is too small, never adjusted and never bold",
        "clustered by patient (* by image); it takes the trained models as given",
        "A cell has a model of each fold and seed: its AUC is the mean of theirs",
        "means of single models, DeLong",
        "calls of the class with the higher probability (argmax: threshold 0.5)",
        "every image counts as a patient",
    ):
        assert words in shown, words
