"""subgroups: AUCs by brute force, a table by hand; unknown is never counted as absent (B-45)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from elsewhere.design.scoring import Scoring
from elsewhere.scores import resampling
from elsewhere.scores.delong import delong
from elsewhere.scores.intervals import auc_interval
from elsewhere.scores.subgroups import (
    ALL,
    ALONE,
    DIFFERENCE,
    NEGATIVES,
    NO_SPREAD,
    NUMBERS,
    POSITIVES,
    QUANTITIES,
    UNKNOWN,
    WITH,
    WITHOUT,
    Scans,
    absent_if_blank,
    measure,
)

SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=200, seed=4)
STATES = ("positive", "negative", "uncertain", "blank", "not annotated")


def scans(labels: Any, scores: Any, states: Any, *, patients: Any = None, **more: Any) -> Scans:
    n = len(labels)
    return Scans(
        labels=np.asarray(labels, dtype=np.int64),
        scores=np.asarray(scores, dtype=np.float64),
        patients=np.arange(n) if patients is None else np.asarray(patients, dtype=np.int64),
        states=list(states),
        **more,
    )


def invented(dice: np.random.Generator, n: int = 160) -> Scans:
    """Two scans a patient; a device goes with the finding, and the scores lean on it."""
    patients = np.arange(n) // 2
    labels = (patients % 3 == 0).astype(np.int64)
    there = dice.random(n) < np.where(labels == 1, 0.7, 0.2)
    states = np.where(there, "positive", "negative").astype(object)
    states[dice.random(n) < 0.1] = "blank"
    scores = np.round(dice.normal(0.4 * labels + 0.8 * there, 0.7), 1)
    return scans(labels, scores, states, patients=patients)


def by_hand(labels: Any, scores: Any) -> float:
    """Count the pairs of a positive and a negative that are in order, ties by half."""
    pairs = [
        (p, n)
        for p, of in zip(scores, labels, strict=True)
        for n, other in zip(scores, labels, strict=True)
        if of == 1 and other == 0
    ]
    return sum(1.0 if p > n else 0.5 if p == n else 0.0 for p, n in pairs) / len(pairs)


def test_a_table_by_hand() -> None:
    """8 scans of known state, one of which nothing is known."""
    found = measure(
        scans(
            [1, 1, 1, 1, 0, 0, 0, 0, 1],
            [0.9, 0.8, 0.4, 0.3, 0.7, 0.6, 0.2, 0.1, 0.5],
            ["positive"] * 3 + ["negative"] + ["positive"] + ["negative"] * 3 + ["blank"],
        ),
        scoring=SCORING,
    )
    assert tuple(found) == QUANTITIES
    assert all(tuple(row) == NUMBERS for row in found.values())
    assert {name: row["value"] for name, row in found.items()} == pytest.approx(
        {
            ALL: 14 / 20,
            WITHOUT: 2 / 3,
            WITH: 2 / 3,
            DIFFERENCE: 14 / 20 - 2 / 3,
            POSITIVES: 3 / 4,
            NEGATIVES: 1 / 4,
            ALONE: 3 / 4,
            UNKNOWN: 1 / 9,
        }
    )
    counts = {name: (row["n_scans"], row["n_positive"]) for name, row in found.items()}
    assert counts == {
        ALL: (9, 5),
        WITHOUT: (4, 1),
        WITH: (4, 3),
        DIFFERENCE: (9, 5),
        POSITIVES: (4, 4),
        NEGATIVES: (4, 0),
        ALONE: (8, 4),
        UNKNOWN: (1, 1),
    }
    said = "the device state of 1 of 9 scans is unknown (1 blank)"
    assert found[UNKNOWN]["reason"] == said


def test_areas_are_those_of_brute_force(dice: np.random.Generator) -> None:
    one = invented(dice)
    states = np.array(one.states)
    found = measure(one, scoring=SCORING)
    for name, mask in (
        (ALL, states != ""),
        (WITHOUT, states == "negative"),
        (WITH, states == "positive"),
    ):
        assert found[name]["value"] == pytest.approx(by_hand(one.labels[mask], one.scores[mask]))
        assert found[name]["low"] < found[name]["value"] < found[name]["high"]
        assert found[name]["n_patients"] == len(set(one.patients[mask]))
    known = one.known
    # an area under two straight lines
    shares = [found[name]["value"] for name in (POSITIVES, NEGATIVES)]
    assert found[ALONE]["value"] == pytest.approx((1 + shares[0] - shares[1]) / 2)
    assert found[ALONE]["value"] == pytest.approx(
        by_hand(one.labels[known], one.with_device[known])
    )


def test_the_area_of_all_is_that_of_the_cell(dice: np.random.Generator) -> None:
    one = invented(dice)
    exact = delong(one.labels, scores=one.scores[None], patients=one.patients)
    expected = auc_interval(exact, confidence=0.95)
    row = measure(one, scoring=SCORING)[ALL]
    assert (row["low"], row["high"], row["method"]) == tuple(expected)


def test_the_difference_is_taken_on_the_same_patients(dice: np.random.Generator) -> None:
    """Against another program's AUC on the same draws, and narrower than if drawn apart."""
    one = invented(dice)
    draws = resampling.resample(one.labels, patients=one.patients, n=200, seed=4)
    weights = draws.weights[:, one.patients]
    without = np.array(one.states) == "negative"
    everyone, some = (
        np.array(
            [
                roc_auc_score(one.labels[mask], one.scores[mask], sample_weight=row[mask])
                for row in weights
            ]
        )
        for mask in (np.ones_like(without), without)
    )
    row = measure(one, scoring=SCORING)[DIFFERENCE]
    expected = np.quantile(everyone - some, [0.025, 0.975])
    assert [row["low"], row["high"]] == pytest.approx(list(expected))
    assert row["method"] == "bootstrap of patients, 200 resamples"
    apart = np.quantile(everyone - np.roll(some, 1), [0.025, 0.975])
    assert row["high"] - row["low"] < apart[1] - apart[0]


def test_a_model_that_sees_the_device_alone_is_found_out(dice: np.random.Generator) -> None:
    labels = np.arange(400) % 2
    there = dice.random(400) < np.where(labels == 1, 0.8, 0.1)
    states = np.where(there, "positive", "negative")
    found = measure(scans(labels, there + 0.1 * dice.random(400), states), scoring=SCORING)
    assert found[ALL]["value"] > 0.8
    assert abs(found[WITHOUT]["value"] - 0.5) < 0.15, "three standard errors"
    assert found[DIFFERENCE]["low"] > 0.2
    assert abs(found[ALONE]["value"] - found[ALL]["value"]) < 0.05


def test_a_model_that_sees_the_finding_alone_is_not(dice: np.random.Generator) -> None:
    """However often the device goes with the finding."""
    labels = np.arange(400) % 2
    states = np.where(dice.random(400) < np.where(labels == 1, 0.8, 0.1), "positive", "negative")
    found = measure(scans(labels, labels + dice.normal(0, 0.7, 400), states), scoring=SCORING)
    assert found[DIFFERENCE]["low"] < 0 < found[DIFFERENCE]["high"]


def test_without_any_device_nothing_differs(dice: np.random.Generator) -> None:
    labels = np.arange(20) % 2
    found = measure(scans(labels, dice.random(20), ["negative"] * 20), scoring=SCORING)
    assert found[DIFFERENCE]["value"] == 0
    assert found[DIFFERENCE]["reason"] == NO_SPREAD
    assert found[WITH]["reason"] == "AUC undefined: there are no scans with the device"
    assert found[ALONE]["reason"] == "the device is in none of the 20 scans of known state"
    assert found[POSITIVES]["value"] == 0
    assert found[POSITIVES]["method"] == "Wilson, n = 10 patients", "0 of 10 is no certainty"


def test_a_site_that_annotates_no_device_says_so(dice: np.random.Generator) -> None:
    labels = np.arange(20) % 2
    found = measure(scans(labels, dice.random(20), ["not annotated"] * 20), scoring=SCORING)
    assert found[ALL]["value"] is not None
    said = "the device state of 20 of 20 scans is unknown (20 not annotated)"
    for name in (WITHOUT, WITH, DIFFERENCE, POSITIVES, NEGATIVES, ALONE):
        assert found[name]["value"] is None
        assert said in found[name]["reason"], name
    assert found[UNKNOWN]["value"] == 1


def test_one_class_says_so() -> None:
    found = measure(scans([1, 1], [0.2, 0.3], ["positive", "negative"]), scoring=SCORING)
    assert found[ALL]["reason"] == "AUC undefined: all 2 test scans are positive"
    assert found[DIFFERENCE]["reason"].startswith(f"{ALL}: AUC undefined")
    assert found[NEGATIVES]["reason"] == "no negative scan of known device state"
    assert found[POSITIVES]["value"] == 0.5


def test_no_scan_at_all() -> None:
    found = measure(scans([], [], []), scoring=SCORING)
    assert all(row["value"] is None and row["reason"] for row in found.values())


@given(
    unknown=st.lists(st.sampled_from(STATES[2:]), min_size=1, max_size=30),
    seed=st.integers(0, 50),
)
def test_scans_of_unknown_state_are_in_neither_group(unknown: list[str], seed: int) -> None:
    """Whatever is unknown of more scans, of other patients, the groups stay what they are."""
    dice = np.random.default_rng(seed)
    labels, states = np.arange(24) % 2, np.array(STATES)[dice.integers(0, 2, 24)]
    scores = dice.random(24)
    before = measure(scans(labels, scores, states), scoring=SCORING)
    after = measure(
        scans(
            [*labels, *(k % 2 for k in range(len(unknown)))],
            [*scores, *dice.random(len(unknown))],
            [*states, *unknown],
        ),
        scoring=SCORING,
    )
    for name in (WITHOUT, WITH, ALONE, POSITIVES, NEGATIVES):
        for number in ("n_scans", "n_positive", "n_patients", "value"):
            assert after[name][number] == before[name][number]
    assert after[UNKNOWN]["n_scans"] == len(unknown)
    for kind in set(unknown):
        assert f"{unknown.count(kind)} {kind}" in after[UNKNOWN]["reason"]


def test_images_are_no_patients(dice: np.random.Generator) -> None:
    labels = np.arange(20) % 2
    states = np.where(np.arange(20) < 10, "positive", "negative")
    found = measure(scans(labels, dice.random(20), states, unit="image"), scoring=SCORING)
    assert {row["n_patients"] for row in found.values()} == {None}
    assert "image" in found[ALL]["method"]
    assert "bootstrap of images" in found[DIFFERENCE]["method"]


def test_blank_counts_as_what_the_study_says() -> None:
    assert absent_if_blank(STATES, "unknown") == list(STATES)
    assert absent_if_blank(STATES, "absent") == [
        "positive",
        "negative",
        "uncertain",
        "negative",
        "not annotated",
    ]


def test_of_several_models_it_is_the_mean_over_each_on_its_own_scans(
    dice: np.random.Generator,
) -> None:
    """Two folds, whose probabilities are on scales that differ: they are not ranked together."""
    first, second = invented(dice), invented(dice)
    both = scans(
        np.append(first.labels, second.labels),
        np.append(first.scores, second.scores + 100),
        [*first.states, *second.states],
        patients=np.append(first.patients, second.patients + 1000),
        models=np.repeat([0, 1], len(first.labels)),
        scans=np.arange(2 * len(first.labels)),
    )
    apart = [measure(one, scoring=SCORING) for one in (first, second)]
    found = measure(both, scoring=SCORING)
    for name in (ALL, WITHOUT, WITH, DIFFERENCE):
        assert found[name]["value"] == pytest.approx(np.mean([one[name]["value"] for one in apart]))
        assert found[name]["low"] < found[name]["value"] < found[name]["high"]
    assert found[ALL]["n_scans"] == sum(one[ALL]["n_scans"] for one in apart)


def test_models_that_were_tested_on_the_same_scans_count_these_once(
    dice: np.random.Generator,
) -> None:
    """Two seeds that say the same: every number is that of one, with the same interval."""
    one = invented(dice)
    n = len(one.labels)
    twice = scans(
        np.tile(one.labels, 2),
        np.tile(one.scores, 2),
        [*one.states, *one.states],
        patients=np.tile(one.patients, 2),
        models=np.repeat([0, 1], n),
        scans=np.tile(np.arange(n), 2),
    )
    expected, found = (measure(of, scoring=SCORING) for of in (one, twice))
    for name in QUANTITIES:
        for number, value in expected[name].items():
            if isinstance(value, float):
                assert found[name][number] == pytest.approx(value)
            else:
                assert found[name][number] == value
