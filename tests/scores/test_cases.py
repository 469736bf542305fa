"""cases: calls match the confusion matrix, and a scan's random place depends on no other scan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.design.scoring import Scoring
from elsewhere.scores.cases import CasesError, called, drawn, each_call, most_probable
from elsewhere.scores.cell import Predicted, assemble

NAMES = {"study": "s", "arm": "a", "site": "x"}


def scoring(threshold_from: Any) -> Scoring:
    return Scoring(threshold_from=threshold_from, confidence=0.95, bootstrap=20, seed=0)


def predictions(rows: Any, dice: np.random.Generator, runs: int) -> pd.DataFrame:
    """A test and a validation part of some runs on the same scans, probabilities on a grid."""
    labels = dice.integers(0, 2, (2, 60))
    frames = []
    for seed in range(runs):
        for part, of in zip(("test", "validation"), labels, strict=True):
            scores = np.round(np.clip(dice.normal(0.3 + 0.3 * of, 0.25), 0, 1), 1)
            frames.append(rows(of, scores, part=part, seed=seed))
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize("threshold_from", ["argmax", "test_site"])
def test_an_arm_errs_as_often_as_its_confusion_matrix_says(
    rows: Any, dice: np.random.Generator, runs: int, threshold_from: str
) -> None:
    """Of one run, and of three with thresholds of their own; 0.5 itself is met."""
    frame = predictions(rows, dice, runs)
    one = Predicted(frame, {"status": "ok", "patient_key": "published"})
    cell = assemble(one, training={"x": one}, names=NAMES, scoring=scoring(threshold_from))
    scans = called(frame, cell=cell)
    counts = cell["pooled"]["confusion"]
    if runs > 1:  # the confusion matrix counts every call of a run; one scan is called once
        limits = {run["seed"]: run["threshold"] for run in cell["runs"]}
        margins = frame.assign(margin=frame["probability_1"] - frame["seed"].map(limits))
        mean = margins[margins["part"] == "test"].groupby("scan_id")["margin"].mean()
        above = threshold_from == "argmax"
        assert scans["call"].tolist() == [(m > 0) if above else (m >= 0) for m in mean]
        assert sum(counts.values()) == runs * len(scans)
        return
    assert int((scans["call"] & (scans["label"] == 0)).sum()) == counts["fp"]
    assert int((~scans["call"] & (scans["label"] == 1)).sum()) == counts["fn"]
    expected = frame[frame["part"] == "test"].groupby("scan_id")["probability_1"].mean()
    pd.testing.assert_series_equal(scans["probability"], expected, check_names=False)


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize("threshold_from", ["argmax", "test_site"])
def test_each_call_is_one_that_the_confusion_matrix_counts(
    rows: Any, dice: np.random.Generator, runs: int, threshold_from: str
) -> None:
    frame = predictions(rows, dice, runs)
    one = Predicted(frame, {"status": "ok", "patient_key": "published"})
    whole = assemble(one, training={"x": one}, names=NAMES, scoring=scoring(threshold_from))
    calls, counts = each_call(frame, cell=whole), whole["pooled"]["confusion"]
    true = calls["label"] == 1
    found = pd.crosstab(true, calls["call"]).reindex(index=[False, True], columns=[False, True])
    assert found.to_numpy().tolist() == [
        [counts["tn"], counts["fp"]],
        [counts["fn"], counts["tp"]],
    ]
    assert len(calls) == 60 * runs


CLASSES = ("a", "b", "c")


def of_classes(dice: np.random.Generator, scans: int, seeds: int) -> pd.DataFrame:
    """Predictions of three classes, on a grid so that some probabilities are equal."""
    label, frames = dice.integers(0, 3, scans), []
    for seed in range(seeds):
        raw = dice.integers(1, 4, (scans, 3)) + 2 * (label[:, None] == np.arange(3))
        shares = raw / raw.sum(axis=1, keepdims=True)
        for number, name in enumerate(CLASSES):
            frame = pd.DataFrame({"scan_id": [f"s{one:03d}" for one in range(scans)]})
            frame = frame.assign(
                patient_id=[f"p{one // 2:03d}" for one in range(scans)],
                finding=name, label=(label == number).astype(int), fold=0, seed=seed, part="test",
                probability_0=1 - shares[:, number], probability_1=shares[:, number],
                window_start=0, mc_probability=[np.empty(0)] * scans,
            )  # fmt: skip
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("seeds", [1, 3])
def test_of_several_classes_each_call_is_the_most_probable_one(
    dice: np.random.Generator, seeds: int
) -> None:
    """Against a loop; and against the scores of each class against the rest."""
    frame = of_classes(dice, 40, seeds)
    expected = {
        key: max(CLASSES, key=lambda name: found.set_index("finding")["probability_1"][name])
        for key, found in frame.groupby(["scan_id", "seed"])
    }  # max takes the first of equals
    found = most_probable(frame, classes=CLASSES).set_index(["scan_id", "seed"])
    assert found["call"].to_dict() == expected
    true = frame[frame["label"] == 1].set_index(["scan_id", "seed"])["finding"]
    assert found["label"].to_dict() == true.to_dict()
    assert (found["margin"] >= 0).all()
    run = {"fold": 0, "threshold": None, "threshold_rule": "argmax of 3 classes"}
    for name in CLASSES:
        of_class = {
            "finding": name,
            "runs": [run | {"seed": seed} for seed in range(seeds)],
            "pooled": {"n_scans": 40},
        }
        calls = each_call(frame, cell=of_class, classes=CLASSES).set_index(["scan_id", "seed"])
        assert {key for key, call in calls["call"].items() if call} == {
            key for key, call in expected.items() if call == name
        }


def cell(threshold: float | None, n: int, *, seed: int = 0) -> dict[str, Any]:
    run = {"fold": 0, "seed": seed, "threshold": threshold, "threshold_rule": "by hand"}
    return {"runs": [run], "pooled": {"threshold": threshold, "n_scans": n}}


def test_an_arm_without_a_threshold_calls_at_half(rows: Any) -> None:
    found = called(rows([0, 1, 1], [0.2, 0.6, 0.5]), cell=cell(None, 3))
    assert list(found["call"]) == [False, True, True]


@pytest.mark.parametrize("other", [cell(0.5, 4), cell(0.5, 3, seed=1)])
def test_metrics_of_another_make_are_refused(rows: Any, other: dict[str, Any]) -> None:
    with pytest.raises(CasesError, match="do not belong together; run the graph again"):
        called(rows([0, 1, 1], [0.2, 0.6, 0.5]), cell=other)


def arm(labels: Any, calls: Any, *, patients: Any = None) -> pd.DataFrame:
    n = len(labels)
    frame = pd.DataFrame({"patient_id": patients or [f"p{k}" for k in range(n)], "label": labels})
    frame["probability"] = np.where(calls, 0.9, 0.1)
    frame["call"] = np.asarray(calls, dtype=bool)
    return frame.set_index(pd.Index([f"s{k:03d}" for k in range(n)], name="scan_id"))


def everyone(frame: pd.DataFrame) -> list[str]:
    return list(frame.index)


def test_what_any_arm_misses_is_drawn_and_nothing_else() -> None:
    labels = [0, 0, 1, 1, 0, 1]
    one, two = arm(labels, [1, 0, 1, 0, 0, 1]), arm(labels, [0, 0, 1, 0, 1, 1])
    found = drawn({"one": one, "two": two}, shown=everyone(one), images=9, seed=0)
    assert sorted(found["scan_id"]) == ["s000", "s003", "s004"]
    by_scan = found.set_index("scan_id")
    assert list(by_scan.loc["s000", ["call_one", "call_two"]]) == [True, False]
    assert by_scan.loc["s004", "probability_two"] == 0.9
    assert "patient_id" not in found


def test_one_a_patient_and_no_more_than_asked() -> None:
    patients = [f"p{k // 4}" for k in range(40)]
    one = arm([0] * 40, [1] * 40, patients=patients)
    found = drawn({"one": one}, shown=everyone(one), images=99, seed=3)
    assert len(found) == 10
    assert one.loc[found["scan_id"], "patient_id"].is_unique
    fewer = drawn({"one": one}, shown=everyone(one), images=4, seed=3)
    pd.testing.assert_frame_equal(fewer, found.head(4))


@given(gone=st.sets(st.integers(0, 79), max_size=70), seed=st.integers(0, 5))
def test_whatever_else_is_there_a_scan_keeps_its_turn(gone: set[int], seed: int) -> None:
    one = arm([0] * 80, [1] * 80)
    everybody = list(drawn({"one": one}, shown=everyone(one), images=80, seed=seed)["scan_id"])
    kept = one.drop(index=[f"s{k:03d}" for k in gone])
    found = list(drawn({"one": kept}, shown=everyone(kept), images=80, seed=seed)["scan_id"])
    assert found == [scan for scan in everybody if scan in kept.index]
    shown = drawn({"one": one}, shown=everyone(kept), images=80, seed=seed)
    assert list(shown["scan_id"]) == found


def test_the_order_tells_nothing_of_the_truth() -> None:
    """Over many seeds positives stand as early as negatives."""
    one = arm([0] * 20 + [1] * 20, [1] * 20 + [0] * 20)
    places = []
    for seed in range(60):
        labels = drawn({"one": one}, shown=everyone(one), images=40, seed=seed)["label"]
        places.append(float(np.flatnonzero(labels == 1).mean()))
    # mean place of 20 of 0..39: 19.5, its standard deviation over 60 seeds about 0.24
    assert abs(np.mean(places) - 19.5) < 1


def test_nothing_to_review_says_why() -> None:
    right = arm([0, 1], [0, 1])
    with pytest.raises(CasesError, match="none of 2 test scans is misclassified by one or two"):
        drawn({"one": right, "two": right}, shown=everyone(right), images=1, seed=0)
    wrong = arm([0, 1], [1, 1])
    with pytest.raises(CasesError, match=r"1 of 2 test scans .* none of these may be shown"):
        drawn({"one": wrong}, shown=["s001"], images=1, seed=0)


def test_arms_are_of_the_same_scans() -> None:
    with pytest.raises(CasesError, match="not tested on the same scans"):
        drawn({"one": arm([0], [1]), "two": arm([0, 0], [1, 1])}, shown=["s000"], images=1, seed=0)
