"""classes: scores of several classes agree with scikit-learn, and say what a site cannot tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from elsewhere.design.scoring import Scoring
from elsewhere.scores.cell import Predicted, assemble, merged
from elsewhere.scores.classes import NUMBERS, beside, called, scans
from elsewhere.scores.classes import assemble as together

NAMES = ("healthy", "COVID-19", "other viral", "bacterial")
SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=300, seed=1)
ABOUT = {
    "status": "ok",
    "patient_key": "published",
    "findings": ";".join(NAMES),
    "exclusive": "yes",
}


def frame(labels: Any, *, names: Any = NAMES, seed: int = 0, each: int = 1, fold: int = 0) -> Any:
    """Test rows of made predictions that lean to the truth, `each` scans a patient."""
    dice = np.random.default_rng(seed)
    truth = np.repeat(labels, each)
    drawn = np.repeat(dice.dirichlet(np.ones(len(names)), len(labels)), each, axis=0)
    probabilities = 0.7 * drawn + 0.3 * np.eye(len(names))[truth]
    rows = [
        pd.DataFrame(
            {
                "scan_id": [f"s{fold}-{number:04d}" for number in range(len(truth))],
                "patient_id": [f"p{fold}-{number // each:04d}" for number in range(len(truth))],
                "finding": name,
                "label": (truth == k).astype(int),
                "fold": fold,
                "seed": 0,
                "part": "test",
                "probability_0": 1 - probabilities[:, k],
                "probability_1": probabilities[:, k],
                "window_start": 0,
                "mc_probability": [np.zeros(0)] * len(truth),
            }
        )
        for k, name in enumerate(names)
    ]
    return pd.concat(rows, ignore_index=True)


def scored(rows: Any, about: Any = ABOUT) -> Any:
    return together(Predicted(rows, about), scoring=SCORING)["pooled"]


FOUR = frame([0] * 15 + [1] * 20 + [2] * 7 + [3] * 18)


def test_the_numbers_are_those_of_scikit_learn() -> None:
    tested, pooled = scans(FOUR, NAMES), scored(FOUR)
    truth, calls = tested.labels, tested.calls
    assert pooled["confusion"] == sk.confusion_matrix(truth, calls).tolist()
    assert pooled["multiclass_accuracy"] == sk.accuracy_score(truth, calls)
    assert pooled["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(truth, calls))
    macro = sk.roc_auc_score(truth, tested.probabilities, multi_class="ovr", average="macro")
    assert pooled["macro_auc"] == pytest.approx(macro)
    report = sk.classification_report(truth, calls, target_names=NAMES, output_dict=True)
    for k, name in enumerate(NAMES):
        of_class = pooled["by_class"][name]
        assert of_class["sensitivity"] == pytest.approx(report[name]["recall"])
        specificity = sk.recall_score(truth != k, calls != k)
        assert of_class["specificity"] == pytest.approx(specificity)
    assert pooled["n_by_class"] == {
        "healthy": 15,
        "COVID-19": 20,
        "other viral": 7,
        "bacterial": 18,
    }
    assert (pooled["status"], pooled["reason"], pooled["undefined"]) == ("ok", None, {})


def test_intervals_hold_the_numbers_and_name_their_method() -> None:
    pooled = scored(FOUR)
    for name in NUMBERS:
        assert 0 <= pooled[f"{name}_low"] < pooled[name] < pooled[f"{name}_high"] <= 1
        assert pooled["intervals"][name].startswith("MOVER of ")


def test_a_patient_with_many_scans_counts_once_in_the_intervals() -> None:
    """Alike scans of a patient tell nothing new: numbers and bounds stay."""
    labels = [k % 4 for k in range(48)]
    one, five = (scored(frame(labels, each=each)) for each in (1, 5))
    assert five["n_scans"] == 5 * one["n_scans"]
    for name in NUMBERS:
        for end in ("", "_low", "_high"):
            assert five[f"{name}{end}"] == pytest.approx(one[f"{name}{end}"])


def test_two_classes_give_what_they_give_as_one_label() -> None:
    names = ("no", "yes")
    about = {**ABOUT, "findings": "no;yes"}
    rows = frame([0] * 12 + [1] * 9, names=names)
    both = scored(rows, about)
    plain = rows[rows["finding"] == "yes"].assign(finding="")
    test = Predicted(plain, {"status": "ok", "patient_key": "published"})
    cell = {"study": "s", "arm": "a", "site": "x"}
    one = assemble(test, training={"x": test}, names=cell, scoring=SCORING)["pooled"]
    assert both["multiclass_accuracy"] == one["accuracy"]
    assert both["macro_auc"] == pytest.approx(one["auc"])
    mean = (one["sensitivity"] + one["specificity"]) / 2
    assert both["balanced_accuracy"] == pytest.approx(mean)
    for name in ("sensitivity", "sensitivity_low", "sensitivity_high", "specificity"):
        assert both["by_class"]["yes"][name] == one[name]


def test_a_site_without_a_class_says_so() -> None:
    """C-25: two sites have no other viral pneumonia."""
    pooled = scored(frame([0] * 10 + [1] * 8 + [3] * 6))
    reason = "no test scan is of class other viral"
    assert pooled["undefined"] == {"balanced_accuracy": reason, "macro_auc": reason}
    assert pooled["balanced_accuracy"] is None
    assert pooled["macro_auc"] is None
    assert (pooled["status"], pooled["reason"]) == ("undefined", reason)
    assert pooled["multiclass_accuracy_low"] < pooled["multiclass_accuracy"]
    missing = pooled["by_class"]["other viral"]
    assert missing["sensitivity"] is None
    assert missing["undefined"]["sensitivity"] == "no test scan is positive"
    assert 0 < missing["specificity"] <= 1


def test_of_one_class_alone_sensitivity_is_what_remains() -> None:
    """C-32: Union has 100 patients with COVID-19 and no others."""
    pooled = scored(frame([1] * 100))
    assert pooled["reason"] == "all 100 test scans are of class COVID-19"
    of_class = pooled["by_class"]["COVID-19"]
    assert of_class["sensitivity"] == pooled["multiclass_accuracy"]
    assert of_class["sensitivity_low"] < of_class["sensitivity"] < of_class["sensitivity_high"]
    assert of_class["specificity"] is None
    assert of_class["undefined"] == {"specificity": "no test scan is negative"}
    assert of_class["intervals"]["sensitivity"] == "Wilson, n = 100 patients"


def test_folds_are_pooled_and_seeds_averaged() -> None:
    first, second = frame([0, 1, 2, 3] * 3, seed=1), frame([0, 1, 2, 3] * 3, seed=2)
    folds = together(
        Predicted(pd.concat([first, frame([0, 1] * 4, seed=3, fold=1)]), ABOUT), scoring=SCORING
    )
    assert [run["n_scans"] for run in folds["runs"]] == [12, 8]
    assert folds["pooled"]["n_scans"] == 20
    assert folds["pooled"]["fold"] == "pooled"
    seeds = pd.concat([first, second.assign(seed=5)])
    mean = (scans(first, NAMES).probabilities + scans(second, NAMES).probabilities) / 2
    np.testing.assert_allclose(scans(seeds, NAMES).probabilities, mean)
    assert scored(seeds)["multiclass_accuracy"] == np.mean(mean.argmax(axis=1) == [0, 1, 2, 3] * 3)


def test_by_argmax_the_calls_of_each_class_are_those_of_the_matrix() -> None:
    """A scan is called of one class even where no probability is above 0.5."""
    rows = pd.concat([FOUR, FOUR.assign(seed=1)])
    confusion = np.array(scored(rows)["confusion"])
    assert (scans(FOUR, NAMES).probabilities.max(axis=1) < 0.5).any()
    for k, name in enumerate(NAMES):
        test = Predicted(beside(rows, name), ABOUT, NAMES)
        cell = {"study": "s", "arm": "a", "site": "x"}
        pooled = assemble(test, training={"x": test}, names=cell, scoring=SCORING)["pooled"]
        tp = confusion[k, k]
        fn, fp = confusion[k].sum() - tp, confusion[:, k].sum() - tp
        expected = {"tp": tp, "fp": fp, "fn": fn, "tn": confusion.sum() - tp - fn - fp}
        assert pooled["confusion"] == expected
        assert (pooled["threshold"], pooled["threshold_rule"]) == (None, "argmax of 4 classes")


def test_without_scans_every_number_is_none() -> None:
    about = {**ABOUT, "status": "not run", "reason": "site x has no data here"}
    found = together(Predicted(FOUR.head(0), about), scoring=SCORING)
    assert (found["runs"], found["status"]) == ([], "not run")
    assert found["reason"] == "site x has no data here"
    assert found["pooled"]["confusion"] is None
    assert all(found["pooled"][name] is None for name in NUMBERS)
    assert beside(FOUR.head(0), "healthy").empty


def test_a_cell_has_each_class_and_all_together() -> None:
    cell = {"study": "s", "arm": "a", "site": "x"}
    parts = {}
    for name in NAMES:
        test = Predicted(FOUR[FOUR["finding"] == name], ABOUT)
        parts[name] = assemble(test, training={"x": test}, names=cell, scoring=SCORING)
    assert [*merged(parts)["findings"]] == [*NAMES]


def test_a_second_stage_has_the_test_scans_that_are_called_of_a_class() -> None:
    """C-16: by the mean of the runs; scans of other parts are not called."""
    rows = pd.concat([FOUR, FOUR.assign(seed=1), frame([1] * 5, fold=1).assign(part="validation")])
    tested = scans(FOUR, NAMES)
    expected = {f"s0-{n:04d}" for n in np.flatnonzero(tested.calls == 1)}
    assert called(rows, NAMES, of="COVID-19") == expected
    assert called(FOUR.head(0), NAMES, of="COVID-19") == set()


def test_of_a_second_stage_only_called_test_scans_are_kept() -> None:
    rows = pd.concat([FOUR, frame([1] * 5, fold=1).assign(part="validation")])
    test = Predicted(rows, ABOUT)
    kept = test.only({"s0-0003", "s0-0007"}, reason="none is called")
    assert set(kept.frame.loc[kept.frame["part"] == "test", "scan_id"]) == {"s0-0003", "s0-0007"}
    assert (kept.frame["part"] == "validation").sum() == 5 * 4
    none = test.only(set(), reason="none is called")
    assert (none.metadata["status"], none.metadata["reason"]) == ("not run", "none is called")
