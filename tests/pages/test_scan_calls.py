"""scan_calls: what each arm says of a scan, and why it says nothing, against the artefacts."""

from dataclasses import replace

import pandas as pd
import pytest

from elsewhere.pages.results import Results
from elsewhere.pages.scan_calls import Asked, _limits

STUDY, SITE = "nguyen2021", "utsw-synthetic"


@pytest.fixture(scope="session")
def results(project):
    return Results(project)


@pytest.fixture
def asked(results):
    """Ask about a scan by its key."""
    given = results.given(STUDY)
    column = next(one for one in given.results.columns if one.row == SITE)
    return lambda scan: Asked(results, given, column, scan, "")


@pytest.fixture(scope="session")
def split(project):
    return pd.read_csv(project / f"results/{STUDY}/splits/{SITE}.csv").set_index("scan_id")


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_only_test_scans_are_called(asked, split, part):
    scans = split[split["part"] == part].index
    assert len(scans)
    for scan in scans:
        said = [*asked(scan).said()]
        assert [one.arm for one in said] == ["utsw", "utsw_cc-ccii"]
        assert all((one.call is not None) == (part == "test") for one in said)
        assert all((one.why == "") == (part == "test") for one in said)


def test_as_many_calls_are_wrong_as_the_confusion_matrix_has(results, asked, split):
    scans = split[split["part"] == "test"].index
    for number, arm in enumerate(("utsw", "utsw_cc-ccii")):
        calls = [[*asked(scan).said()][number] for scan in scans]
        cell = results.json(f"results/{STUDY}/cells/{arm}/{SITE}/metrics.json")
        confusion = cell["pooled"]["confusion"]
        assert sum(one.call["wrong"] for one in calls) == confusion["fp"] + confusion["fn"]
        limit = cell["runs"][0]["threshold"]
        assert {one.threshold for one in calls} == {(limit, limit)}


def test_the_part_and_the_true_class_are_those_of_the_split(asked, split):
    words = {"train": "training", "validation": "validation", "test": "test"}
    for scan, row in split.iterrows():
        of_scan = asked(scan)
        assert of_scan.parts == words[row["part"]]
        classes = ("COVID-19 negative", "COVID-19 positive")
        assert of_scan.truth == {"True class": classes[row["label"]]}


def test_in_another_fold_a_scan_may_be_in_another_part(asked, split):
    of_scan = asked(split.index[0])
    folds = pd.DataFrame({"scan_id": of_scan.scan, "part": ["test", "train", "train"],
                          "fold": [0, 1, 2]})  # fmt: skip
    of_scan.__dict__["split"] = folds
    assert of_scan.parts == "test (fold 0), training (fold 1, 2)"


def test_thresholds_are_those_of_the_models_that_were_tested_on_it():
    runs = [{"fold": fold, "threshold": fold / 10} for fold in (1, 2, 2, 3)] + [
        {"fold": 4, "threshold": None}
    ]
    assert _limits({"runs": runs}, {2}, several=False) == (0.2, 0.2)
    assert _limits({"runs": runs}, {1, 3}, several=False) == (0.1, 0.3)
    assert _limits({"runs": runs}, {4}, several=False) == (0.5, 0.5)  # the more probable of two
    assert _limits({"runs": runs}, {4}, several=True) is None  # 0.4 may be the most of four
    assert _limits({"runs": runs}, {0}, several=False) is None


def test_what_the_study_does_not_use_is_said(asked):
    of_scan = asked("0123456789abcdef")
    assert (of_scan.parts, of_scan.truth) == ("not used by this study", {})
    assert {one.why for one in of_scan.said()} == {"The study does not use this scan."}


def test_a_finding_that_is_not_known_is_the_reason(asked, split):
    scan = split[split["part"] == "test"].index[0]
    of_scan = replace(asked(scan), finding="edema")
    of_scan.__dict__["split"] = pd.DataFrame({"part": ["test"], "edema": [None]})
    assert "not known whether" in of_scan._why()
