from __future__ import annotations

import csv

import pytest

from elsewhere.design.arm import Arm
from elsewhere.design.scoring import STANDARD
from elsewhere.scores.matrix import columns, numbers, of_sites, rows, write

ARMS = {
    "a": Arm(sites=("a",), method="erm", network="n"),
    "a_b": Arm(
        sites=("a", "b"),
        method="erm",
        network="n",
        selection="test",
        unseen="mean",
        anonymous=True,
        models_of="a",
    ),
}


def one(auc, *, fold=0, seed=0, status="ok"):
    return dict.fromkeys(numbers(STANDARD), auc) | {"fold": fold, "seed": seed, "status": status}


def cell(arm, site, runs, *, pooled=0.5, status="ok"):
    return {
        "study": "s",
        "arm": arm,
        "site": site,
        "training_sites": [f"{name}-synthetic" for name in ARMS[arm].sites],
        "patient_key": None if status == "not run" else "none",
        "runs": runs,
        "pooled": one(pooled, fold="pooled", seed="pooled", status=status),
    }


CELLS = [
    cell("a_b", "y", [], pooled=None, status="not run"),
    cell("a_b", "x", [one(None, status="undefined")], pooled=None, status="undefined"),
    cell("a", "y", [one(0.75)], pooled=0.75),
    cell("a", "x", [one(0.1, fold=0), one(1 / 3, fold=1)]),
]


def test_rows_follow_the_declared_order_and_end_each_cell_with_its_pool():
    table = rows(CELLS, arms=ARMS, sites=["x", "y"], metrics=STANDARD)
    keys = [(row["arm"], row["test_site"], row["fold"], row["status"]) for row in table]
    assert keys == [
        ("a", "x", 0, "ok"),
        ("a", "x", 1, "ok"),
        ("a", "x", "pooled", "ok"),
        ("a", "y", 0, "ok"),
        ("a_b", "x", 0, "undefined"),
        ("a_b", "y", "pooled", "not run"),
    ]
    assert table[-1]["train_sites"] == "a-synthetic+b-synthetic"
    assert {(row["method"], row["network"]) for row in table} == {("erm", "n")}


def test_a_missing_cell_is_named():
    with pytest.raises(ValueError, match="no metrics of a/x"):
        rows(CELLS[:3], arms=ARMS, sites=["x", "y"], metrics=STANDARD)


def test_the_file_keeps_every_digit_and_leaves_the_undefined_empty(tmp_path):
    write(
        rows(CELLS, arms=ARMS, sites=["x", "y"], metrics=STANDARD),
        tmp_path / "matrix.csv",
        metrics=STANDARD,
    )
    with (tmp_path / "matrix.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == columns(STANDARD)
    assert float(table[1]["auc"]) == 1 / 3
    assert [row["auc"] for row in table[-2:]] == ["", ""]
    assert [row["status"] for row in table[-2:]] == ["undefined", "not run"]
    text = (tmp_path / "matrix.csv").read_bytes()
    assert b"nan" not in text.lower()
    assert b"\r" not in text


def test_the_order_of_cells_changes_no_byte(tmp_path):
    for name, cells in (("one", CELLS), ("two", CELLS[::-1])):
        write(
            rows(cells, arms=ARMS, sites=["x", "y"], metrics=STANDARD),
            tmp_path / name,
            metrics=STANDARD,
        )
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_makes_an_arm_another_than_it_looks_stands_in_every_row():
    table = rows(CELLS, arms=ARMS, sites=["x", "y"], metrics=STANDARD)
    names = ("arm", "selection", "unseen", "anonymous", "models_of")
    assert {tuple(row[name] for name in names) for row in table} == {
        ("a", "validation", None, "no", None),
        ("a_b", "test", "mean", "yes", "a"),
    }
    assert {row["patient_key"] for row in table if row["status"] == "ok"} == {"none"}


def test_a_metric_that_a_study_names_has_columns_of_its_own():
    added = columns((*STANDARD, "youden"))
    assert [name for name in added if name not in columns(STANDARD)] == [
        "youden",
        "youden_low",
        "youden_high",
    ]
    thresholds = ("threshold", "threshold_patients", "threshold_low", "threshold_high")
    assert added[-5:] == (*thresholds, "status")
    assert {"auc_pooled", "auc_pooled_low", "auc_pooled_high", "pooling"} < {*added}


def test_an_average_is_over_the_sites_that_were_run_and_names_them():
    cells = [
        cell("a", "x", [one(0.5)], pooled=0.5),
        cell("a", "y", [], pooled=None, status="not run"),
        cell("a", "z", [one(0.75)], pooled=0.75),
    ]
    both, left = of_sites(cells, arms={"a": ARMS["a"]}, metrics=STANDARD, without=("z", "other"))
    assert (both["test_site"], both["test_sites"], both["auc"]) == ("average", "x+z", 0.625)
    assert (left["test_site"], left["test_sites"]) == ("average without z", "x")
    assert (left["auc"], left["status"], left["fold"]) == (0.5, "ok", "pooled")
    assert {*both} == {*columns(STANDARD)}


def test_an_arm_that_was_not_run_has_no_average():
    cells = [cell("a", site, [], pooled=None, status="not run") for site in "xy"]
    (row,) = of_sites(cells, arms={"a": ARMS["a"]}, metrics=STANDARD)
    assert (row["test_sites"], row["auc"], row["status"]) == ("", None, "not run")
