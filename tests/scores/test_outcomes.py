from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.scores.outcomes import (
    FAILURES,
    OUTCOMES,
    by_scan,
    choose,
    failed,
    outcomes,
    possible,
)


@pytest.fixture
def predicted(rows, dice):
    """200 scans of 100 patients."""
    patients = [f"p{number // 2}" for number in range(200)]
    return rows(dice.integers(0, 2, 200), dice.uniform(0, 1, 200), patients=patients)


def test_the_four_outcomes() -> None:
    rows = pd.DataFrame({"label": [1, 0, 0, 1, 0, 1]})
    rows["probability_1"] = [0.6, 0.4, 0.7, 0.1, 0.5, 0.5]
    assert outcomes(rows) == [*OUTCOMES, "true negative", "false negative"]
    assert FAILURES == ("false positive", "false negative")


def test_as_many_of_each_as_asked_for_one_a_patient(predicted) -> None:
    found = choose(predicted, scans=5, seed=1)
    assert list(found["outcome"]) == [outcome for outcome in OUTCOMES for _ in range(5)]
    assert outcomes(found) == list(found["outcome"])
    for _, group in found.groupby("outcome"):
        assert group["patient_id"].is_unique


def test_fewer_where_there_are_fewer(predicted) -> None:
    right = predicted[[name.startswith("true") for name in outcomes(predicted)]]
    found = choose(right, scans=1000, seed=1)
    assert set(found["outcome"]) == {"true positive", "true negative"}
    by_outcome = right.assign(outcome=outcomes(right)).groupby("outcome")["patient_id"].nunique()
    assert dict(found["outcome"].value_counts()) == dict(by_outcome)


def test_the_seed_draws_and_the_order_of_rows_does_not(predicted) -> None:
    drawn = choose(predicted, scans=3, seed=1)
    again = choose(predicted.sample(frac=1, random_state=0), scans=3, seed=1)
    pd.testing.assert_frame_equal(drawn, again)
    assert list(drawn["scan_id"]) != list(choose(predicted, scans=3, seed=2)["scan_id"])


def test_every_scan_has_the_same_chance(predicted) -> None:
    counts = pd.Series(0, index=predicted["scan_id"])
    for seed in range(80):
        counts[choose(predicted, scans=2, seed=seed)["scan_id"]] += 1
    sizes = pd.Series(outcomes(predicted), index=predicted["scan_id"])
    expected = 2 * 80 / sizes.map(sizes.value_counts())
    assert (abs(counts - expected) < 5 * expected**0.5 + 1).all()


@given(hidden=st.sets(st.integers(0, 199), max_size=190))
def test_hidden_scans_are_never_drawn_and_the_others_keep_their_turn(hidden: set[int]) -> None:
    rows = pd.DataFrame({"scan_id": [f"t{number:04d}" for number in range(200)]})
    rows = rows.assign(patient_id=rows["scan_id"], label=0, probability_1=0.2)
    names = {f"t{number:04d}" for number in hidden}
    everyone = choose(rows, scans=1000, seed=3)["scan_id"]
    found = choose(rows, scans=1000, seed=3, hidden=names)["scan_id"]
    assert list(found) == [scan for scan in everyone if scan not in names]


def test_no_prediction_no_example(predicted) -> None:
    assert choose(predicted.iloc[:0], scans=3, seed=0).empty


def test_of_several_classes_a_prediction_is_right_or_wrong_of_its_class() -> None:
    names = ("healthy", "COVID-19", "bacterial")
    probabilities = {"a": (0.2, 0.5, 0.3), "b": (0.4, 0.4, 0.2), "c": (0.1, 0.3, 0.6)}
    truth = {"a": 1, "b": 1, "c": 2}
    rows = pd.DataFrame(
        [
            {"scan_id": scan, "patient_id": scan, "finding": name, "label": int(truth[scan] == k),
             "probability_1": probabilities[scan][k]}
            for k, name in enumerate(names)
            for scan in "cab"
        ]
    )  # fmt: skip
    found = by_scan(rows, names)
    assert list(found["scan_id"]) == ["a", "b", "c"]
    assert list(found["label"]) == [1, 1, 2]
    assert list(found["call"]) == [1, 0, 2], "the first of equals"
    assert list(found["probability_1"]) == [0.5, 0.4, 0.6]
    said = ["COVID-19: right", "COVID-19: wrong", "bacterial: right"]
    assert outcomes(found, classes=names) == said
    assert [failed(outcome) for outcome in said] == [False, True, False]
    assert len(possible(names)) == 6
    drawn = choose(found, scans=1, seed=0, classes=names)
    assert list(drawn["outcome"]) == said
    assert possible() == OUTCOMES
    assert [failed(outcome) for outcome in OUTCOMES] == [False, False, True, True]
