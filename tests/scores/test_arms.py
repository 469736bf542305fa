from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from elsewhere.scores.arms import (
    COLUMNS,
    CORRECTED,
    DELONG,
    NO_RATIO,
    PAIRED,
    Pair,
    adjusted,
    compare,
    out_of_fold,
    scans_ratio,
)
from elsewhere.scores.cell import Predicted
from elsewhere.scores.delong import delong

N, FOLDS, SEEDS = 48, 4, 3
MEASURES = ("accuracy", "f1", "sensitivity", "precision", "auc")
LABELS = np.tile([0, 1], N // 2)


def cell(dice, mean, *, status="ok", reason=None, runs=FOLDS * SEEDS):
    values = dice.normal(mean, 0.03, (runs, len(MEASURES)))
    return {
        "status": status,
        "reason": reason,
        "runs": [
            {"fold": at % FOLDS, "seed": at // FOLDS, **dict(zip(MEASURES, row, strict=True))}
            for at, row in enumerate(values.tolist())
        ],
    }


def predicted(rows, dice, signal, labels=LABELS):
    """Four folds, three seeds: each scan is tested once a seed; two scans a patient."""
    frames = []
    for seed in range(SEEDS):
        scores = 1 / (1 + np.exp(-signal * labels - dice.normal(size=N)))
        whole = rows(labels, scores, seed=seed, patients=[f"p{at // 4}" for at in range(N)])
        whole["fold"] = np.arange(N) // 4 % FOLDS
        frames.append(whole)
    return Predicted(pd.concat(frames, ignore_index=True), {"status": "ok"})


@pytest.fixture
def pair(rows, dice):
    def made(names=("a", "ours", "theirs"), *, ratio=0.4, labels=LABELS, **of):
        return Pair(
            names,
            cells=(cell(dice, 0.9, **of), cell(dice, 0.88, **of)),
            scans=(predicted(rows, dice, 2.0, labels), predicted(rows, dice, 0.5, labels)),
            test_to_train=ratio,
        )

    return made


def row_of(rows, test, measure, site="a"):
    (found,) = [
        row for row in rows if (row["site"], row["test"], row["measure"]) == (site, test, measure)
    ]
    return found


def values(one, measure):
    return np.array([run[measure] for run in one["runs"]])


def test_each_measure_is_tested_over_the_runs(pair):
    given = pair()
    found = compare([given], confidence=0.95, measures=MEASURES)
    assert len(found) == 2 * len(MEASURES) + 1
    for measure in MEASURES:
        first, second = (values(one, measure) for one in given.cells)
        known = stats.ttest_rel(first, second)
        plain = row_of(found, PAIRED, measure)
        assert tuple(plain) == COLUMNS
        assert (plain["statistic"], plain["p"]) == pytest.approx((known.statistic, known.pvalue))
        assert (plain["mean_arm"], plain["mean_against"]) == pytest.approx(
            (first.mean(), second.mean())
        )
        assert (plain["n"], plain["of"], plain["test_to_train"]) == (12, "runs", None)
        corrected = row_of(found, CORRECTED, measure)
        folds = (first - second).reshape(SEEDS, FOLDS).mean(axis=0)
        shrunk = np.sqrt((1 / FOLDS) / (1 / FOLDS + 0.4))
        of_folds = stats.ttest_1samp(folds, 0).statistic
        assert corrected["statistic"] == pytest.approx(of_folds * shrunk)
        assert (corrected["n"], corrected["of"]) == (FOLDS, "folds")
        assert corrected["test_to_train"] == 0.4
        assert corrected["difference"] == pytest.approx(plain["difference"])


def test_the_scans_are_compared_by_the_mean_of_single_models(pair):
    """DeLong's contrast of all seeds of both arms in each fold; folds share no patient."""
    given = pair()
    found = row_of(compare([given], confidence=0.95, measures=MEASURES), DELONG, "auc")
    differences, variances = [], []
    for fold in range(FOLDS):
        scores, weights = [], []
        for sign, one in zip((1, -1), given.scans, strict=True):
            frame = one.frame[one.frame["fold"] == fold].sort_values(["seed", "scan_id"])
            of_seeds = [group for _, group in frame.groupby("seed")]
            scores += [group["probability_1"].to_numpy() for group in of_seeds]
            weights += [sign / len(of_seeds)] * len(of_seeds)
        labels = of_seeds[0]["label"].to_numpy()
        patients = pd.factorize(of_seeds[0]["patient_id"])[0]
        known, contrast = delong(labels, scores=np.stack(scores), patients=patients), weights
        differences.append(contrast @ known.auc)
        variances.append(contrast @ known.covariance @ contrast)
    error = np.sqrt(np.sum(variances)) / FOLDS
    assert found["difference"] == pytest.approx(np.mean(differences))
    assert found["statistic"] == pytest.approx(found["difference"] / error)
    half = (found["high"] - found["low"]) / 2
    assert 1.96 * error < half < 2.4 * error, "of Student's t, with few patients"
    assert found["mean_arm"] - found["mean_against"] == pytest.approx(found["difference"])
    assert (found["n"], found["of"]) == (N, "scans")


AUDIT = [{"fields": "format", "p": p} for p in (0.001, None, 0.04)]


def holm_of(p_values):
    return pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_delongs_tests_and_the_audit_are_one_confirmatory_family_of_the_study(pair):
    names = [("a", "ours", "x"), ("a", "ours", "y"), ("b", "ours", "x")]
    made = compare([pair(one) for one in names], confidence=0.95, measures=MEASURES)
    found, answers = adjusted(made, audit=AUDIT, over="study")
    of_scans = [row for row in found if row["test"] == DELONG]
    both = [*AUDIT, *of_scans]
    known = [one["p"] for one in both if one["p"] is not None]
    shown = [one["p_holm"] for one in [*answers, *of_scans] if one["p"] is not None]
    assert shown == holm_of(known)
    assert {(one["family"], one["kind"]) for one in [*answers, *of_scans]} == {
        (2 + 3, "confirmatory")
    }
    assert answers[1]["p_holm"] is None
    assert [one["fields"] for one in answers] == ["format"] * 3


def test_each_question_alone_is_a_family_where_the_study_asks_for_it(pair):
    names = [("a", "ours", "x"), ("b", "ours", "x")]
    made = compare([pair(one) for one in names], confidence=0.95, measures=MEASURES)
    found, answers = adjusted(made, audit=AUDIT, over="question")
    of_scans = [row for row in found if row["test"] == DELONG]
    assert [row["p_holm"] for row in of_scans] == holm_of([row["p"] for row in of_scans])
    assert {row["family"] for row in of_scans} == {2}
    assert [one["p_holm"] for one in answers] == [0.002, None, 0.04]
    assert {one["family"] for one in answers} == {2}


def test_tests_over_folds_are_exploratory_and_the_published_one_is_never_adjusted(pair):
    made = compare([pair(), pair(("b", "ours", "x"))], confidence=0.95, measures=MEASURES)
    found, _ = adjusted(made, audit=[], over="study")
    over_folds = [row for row in found if row["test"] == CORRECTED]
    assert [row["p_holm"] for row in over_folds] == holm_of([row["p"] for row in over_folds])
    assert {(row["family"], row["kind"]) for row in over_folds} == {(10, "exploratory")}
    published = [row for row in found if row["test"] == PAIRED]
    assert {(row["p_holm"], row["family"], row["kind"]) for row in published} == {
        (None, None, "as published")
    }
    assert all(row["p"] is not None for row in published)
    assert [tuple(row) for row in found] == [COLUMNS] * len(found)


def test_what_has_no_p_is_no_member_of_the_family(pair):
    gone = pair(("b", "ours", "x"), status="not run", reason="site b has no data here")
    made = compare([pair(), gone], confidence=0.95, measures=MEASURES)
    found, _ = adjusted(made, audit=AUDIT, over="study")
    lost = [row for row in found if row["site"] == "b"]
    assert len(lost) == 11
    for row in lost:
        assert (row["status"], row["reason"]) == ("not run", "site b has no data here")
        assert row["p"] is row["p_holm"] is row["difference"] is None
    assert row_of(found, CORRECTED, "auc")["family"] == 5
    assert row_of(found, DELONG, "auc")["family"] == 2 + 1


def test_runs_are_paired_by_fold_and_seed_in_which_both_have_the_value(pair):
    given = pair()
    first, second = given.cells
    first["runs"].reverse()
    second["runs"][0]["precision"] = None
    del second["runs"][5]
    found = compare([given], confidence=0.95, measures=MEASURES)
    key = {(run["fold"], run["seed"]): run["precision"] for run in first["runs"]}
    known = [key[run["fold"], run["seed"]] - run["precision"] for run in second["runs"][1:]]
    precision = row_of(found, PAIRED, "precision")
    assert precision["n"] == 10
    assert precision["difference"] == pytest.approx(np.mean(known))
    assert row_of(found, PAIRED, "auc")["n"] == 11


def test_one_run_allows_no_test_but_delongs(pair):
    found = compare([pair(runs=1)], confidence=0.95, measures=MEASURES)
    plain = row_of(found, PAIRED, "auc")
    assert (plain["n"], plain["p"], plain["status"]) == (1, None, "undefined")
    assert plain["reason"] == "one paired run has no variance"
    assert plain["difference"] is not None
    assert row_of(found, DELONG, "auc")["status"] == "ok"


def test_without_training_scans_nothing_can_be_corrected(pair):
    found = compare([pair(ratio=None)], confidence=0.95, measures=MEASURES)
    corrected = row_of(found, CORRECTED, "f1")
    assert (corrected["p"], corrected["reason"]) == (None, NO_RATIO)
    assert row_of(found, PAIRED, "f1")["p"] is not None


def test_one_class_has_no_auc_to_compare(pair):
    found = row_of(
        compare([pair(labels=np.ones(N, int))], confidence=0.95, measures=MEASURES), DELONG, "auc"
    )
    assert (found["p"], found["difference"], found["status"]) == (None, None, "undefined")
    assert found["reason"] == f"AUC undefined: all {N} test scans are positive"


def test_arms_on_different_scans_are_not_compared_by_scan(pair):
    given = pair()
    frame = given.scans[1].frame
    fewer = Predicted(frame[frame["scan_id"] != "t0000"], {})
    other = Pair(given.names, given.cells, (given.scans[0], fewer), 0.4)
    found = row_of(compare([other], confidence=0.95, measures=MEASURES), DELONG, "auc")
    assert found["p"] is None
    assert found["reason"] == "the two arms were not tested on the same scans"


def test_nothing_is_ever_not_a_number(pair):
    rows = compare(
        [pair(), pair(("b", "o", "x"), runs=1, ratio=None)], confidence=0.95, measures=MEASURES
    )
    for row in rows:
        numbers = [value for value in row.values() if isinstance(value, float)]
        assert all(np.isfinite(numbers))
        assert (row["p"] is None) == (row["reason"] is not None)


def test_validation_scans_are_not_scored_out_of_fold(rows):
    frame = pd.concat([rows([0, 1], [0.2, 0.6]), rows([1], [0.9], part="validation")])
    found = out_of_fold(frame)
    assert found["score"].tolist() == [0.2, 0.6]
    assert found["label"].tolist() == [0, 1]


def test_the_ratio_of_scans_is_that_of_all_folds():
    counts = [
        {"fold": fold, "part": part, "label": label, "patients": 1, "scans": scans}
        for fold in range(4)
        for label in (0, 1)
        for part, scans in (("train", 65), ("validation", 10), ("test", 25))
    ]
    assert scans_ratio({"counts": counts}) == pytest.approx(25 / 65)
    assert scans_ratio({"counts": []}) is None


def test_the_clusters_of_delong_are_counted_and_say_what_they_are(pair):
    given = pair()
    keys = ("published", "none")
    for key in keys:
        scans = tuple(Predicted(one.frame, {"patient_key": key}) for one in given.scans)
        other = Pair(given.names, given.cells, scans, 0.4)
        found = compare([other], confidence=0.95, measures=MEASURES)
        assert {row["patient_key"] for row in found} == {key}
        assert row_of(found, DELONG, "auc")["clusters"] == N // 4
        assert row_of(found, PAIRED, "auc")["clusters"] is None
