from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from elsewhere.design.job import Job
from elsewhere.figures import arms_table
from elsewhere.figures.compared import compare
from elsewhere.figures.results import Results
from elsewhere.steps.figure import Settings

Texts = Callable[[Path], list[str]]
Compared = tuple[Job, Settings]


@pytest.fixture(scope="module")
def table(compared: Compared) -> list[dict[str, str]]:
    path = compared[0].outputs["figures"] / arms_table.CSV_NAME
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_arm_site_and_measure_is_there(
    compared: Compared, table: list[dict[str, str]]
) -> None:
    assert tuple(table[0]) == arms_table.COLUMNS
    keys = {(row["site"], row["arm"], row["measure"]) for row in table}
    assert len(keys) == len(table) == 2 * len(compared[1].arms) * 5
    assert [row["arm"] for row in table if row["trained_here"] == "no"] == (
        ["single-b"] * 5 + ["single-a"] * 5
    )


def test_both_readings_of_the_spread_are_stored(
    compared: Compared, table: list[dict[str, str]]
) -> None:
    """[AMB] D-06: over seeds of the fold mean, and over all runs."""
    path = compared[0].paths("metrics")["sepnorm/covid-ct-synthetic"]
    runs = json.loads(path.read_text())["runs"]
    for measure in ("accuracy", "f1", "sensitivity", "precision", "auc"):
        (row,) = [
            row
            for row in table
            if (row["site"], row["arm"], row["measure"]) == ("site-b", "sepnorm", measure)
        ]
        values = np.array([run[measure] for run in runs])
        seeds = [np.mean([r[measure] for r in runs if r["seed"] == seed]) for seed in (0, 1)]
        assert float(row["mean"]) == pytest.approx(values.mean())
        assert float(row["sd_over_runs"]) == pytest.approx(values.std(ddof=1))
        assert float(row["sd_over_seeds"]) == pytest.approx(np.std(seeds, ddof=1))
        assert (row["n_seeds"], row["n_runs"], row["status"]) == ("2", "8", "ok")


def test_the_published_stand_above_ours_in_percent(
    compared: Compared, table: list[dict[str, str]], svg_texts: Texts
) -> None:
    shown = svg_texts(compared[0].outputs["figures"] / "arms_table.svg")
    start = shown.index("Single (Redesign), A")
    assert shown[start + 1 : start + 7] == [
        "published", "89.09 ± 1.08", "88.97 ± 0.91", "83.78 ± 0.62", "94.58 ± 2.07", "94.12 ± 0.87",
    ]  # fmt: skip
    assert shown[start + 7] == "ours"
    ours = [row for row in table if (row["site"], row["arm"]) == ("site-a", "single-a")]
    for row, text in zip(ours, shown[start + 8 :], strict=False):
        mean, seeds, runs = (
            100 * float(row[name]) for name in ("mean", "sd_over_seeds", "sd_over_runs")
        )
        assert text == f"{mean:.2f} ± {seeds:.2f} [{runs:.2f}]"
    assert [row["requirement"] for row in ours] == ["D-20"] * 5


def test_unseen_sites_and_optimistic_arms_are_called_so(
    compared: Compared, svg_texts: Texts
) -> None:
    shown = svg_texts(compared[0].outputs["figures"] / "arms_table.svg")
    assert shown.count("ours, unseen site") == 2
    assert "optimistic" in " ".join(shown)
    assert any("SYNTHETIC DATA" in text for text in shown)


def test_one_seed_has_one_spread(contrastive: Results, tmp_path: Path, svg_texts: Texts) -> None:
    rows = arms_table.table(contrastive, [])
    arms_table.draw(contrastive, rows, tmp_path)
    assert {row["sd_over_seeds"] for row in rows} == {None}
    shown = svg_texts(tmp_path / "arms_table.svg")
    first = rows[0]
    assert f"{100 * first['mean']:.2f} [{100 * first['sd_over_runs']:.2f}]" in shown
    assert "published" not in shown
    notes = " ".join(shown)
    assert (
        "in brackets SD over folds; over seeds it is undefined with one seed, so it is not "
        "comparable with the published ±"
    ) in notes
    assert "both readings" not in notes


def test_the_notes_tell_spread_and_threshold(compared: Compared, svg_texts: Texts) -> None:
    notes = " ".join(svg_texts(compared[0].outputs["figures"] / "arms_table.svg"))
    assert "± SD over 2 seeds of the mean over folds; in brackets SD over the runs" in notes
    assert "calls of the class with the higher probability (argmax: threshold 0.5)" in notes


def test_runs_without_a_measure_are_counted(
    contrastive: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    key = ("joint", "covid-ct-synthetic")
    cell = json.loads(json.dumps(contrastive.cells[key]))
    why = "no test scan is called positive"
    cell["runs"][1] |= {"precision": None, "undefined": {"precision": why}}
    results = dataclasses.replace(contrastive, cells={**contrastive.cells, key: cell})
    rows = arms_table.table(results, [])
    arms_table.draw(results, rows, tmp_path)
    (lost,) = [row for row in rows if row["n_runs"] < row["of_runs"]]
    assert (lost["arm"], lost["measure"], lost["n_runs"], lost["of_runs"]) == (
        "joint", "precision", 3, 4,
    )  # fmt: skip
    assert (lost["status"], lost["reason"]) == ("ok", f"undefined in 1 runs: {why}")
    assert svg_texts(tmp_path / "arms_table.svg").count("(3 of 4 runs)") == 1
    (beside,) = [
        row
        for row in compare(results, "contrastive")
        if row["comment"].endswith("ours over 3 of 4 runs")
    ]
    assert beside["quantity"].startswith("precision, trained on Joint (Redesign)")


def test_what_was_not_run_says_so(drawn_absent: Job, svg_texts: Texts) -> None:
    path = drawn_absent.outputs["figures"] / arms_table.CSV_NAME
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["site"] == "site-b"]
    assert {row["status"] for row in rows} == {"not run"}
    assert all("no data here" in row["reason"] and not row["mean"] for row in rows)
    assert "not run" in svg_texts(drawn_absent.outputs["figures"] / "arms_table.svg")
