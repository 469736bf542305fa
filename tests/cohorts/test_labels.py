from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.cohorts.labels import LabelsError, columns, findings_of, labelled, pattern
from elsewhere.design.findings import Findings

ROWS = {
    # finding states of the scans of one site, which never annotates atelectasis
    "s1": ("cardiomegaly=positive;edema=uncertain", "PA"),
    "s2": ("cardiomegaly=negative;edema=blank", "AP"),
    "s3": ("cardiomegaly=uncertain;edema=positive", "lateral"),
    "s4": ("cardiomegaly=blank;edema=negative", "PA"),
}


def wanted(**changes):
    named = {name: {"title": name, "uncertain": "positive"} for name in ("edema", "atelectasis")}
    values = {
        "labels": {"cardiomegaly": {"title": "Cardiomegaly", "uncertain": "negative"}, **named},
        "blank": "negative",
        "views": ("PA", "AP", "lateral"),
        **changes,
    }
    return Findings.model_validate(values)


@pytest.fixture
def manifest():
    rows = [(scan, f"p{scan}", text, view) for scan, (text, view) in ROWS.items()]
    frame = pd.DataFrame(rows, columns=["scan_id", "patient_id", "findings", "view"])
    return frame.assign(label=pd.array([pd.NA] * len(frame), dtype="Int64"))


def of(frame, name):
    return [None if pd.isna(value) else int(value) for value in frame[name]]


def test_uncertain_is_what_each_finding_says_and_blank_what_the_study_says(manifest):
    """B-18: U-Zeroes for cardiomegaly, U-Ones for edema; B-23: blank is negative."""
    found = labelled(manifest, wanted())
    assert of(found, "cardiomegaly") == [1, 0, 0, 0]
    assert of(found, "edema") == [1, 0, 1, 0]
    assert of(found, "label") == [1, 0, 1, 0], "any of them"


def test_what_a_site_does_not_annotate_is_neither_negative_nor_blank(manifest):
    assert of(labelled(manifest, wanted()), "atelectasis") == [None] * 4


def test_ignored_mentions_have_no_label(manifest):
    ignoring = {"cardiomegaly": {"title": "c", "uncertain": "ignore"}}
    found = labelled(manifest, wanted(labels=ignoring, blank="ignore"))
    assert of(found, "cardiomegaly") == [1, 0, None, None]
    assert of(found, "label") == [1, 0, None, None]


def test_scans_of_other_views_are_left_out(manifest):
    assert list(labelled(manifest, wanted(views=("PA",)))["scan_id"]) == ["s1", "s4"]


def test_a_label_each_is_what_the_manifest_says():
    frame = pd.DataFrame({"scan_id": ["a"], "label": [1], "findings": [""]})
    assert labelled(frame, None) is frame


def test_scans_of_findings_and_a_study_of_labels_do_not_meet_in_silence(manifest):
    with pytest.raises(LabelsError, match=r"4 of 4 scans have findings instead of a label.*scales"):
        labelled(manifest, None)
    single = manifest.assign(label=1, findings="")
    with pytest.raises(LabelsError, match=r"4 of 4 scans have a label instead of findings"):
        labelled(single, wanted())


def test_an_unknown_finding_is_named_with_those_that_are_known(manifest):
    wrong = wanted(labels={"heart": {"title": "Heart", "uncertain": "ignore"}})
    with pytest.raises(LabelsError, match=r"names heart; known are atelectasis, cardiomegaly"):
        labelled(manifest, wrong)


def test_a_site_without_scans_has_the_columns(manifest):
    assert findings_of(["scan_id", "patient_id", "edema", "fold", "part"]) == ("edema",)
    assert list(labelled(manifest.iloc[:0], wanted())["edema"]) == []


def test_columns_of_a_split_say_whether_scans_have_findings():
    assert columns(["scan_id", "patient_id", "label", "fold", "part"]) == ("label",)
    assert findings_of(["scan_id", "patient_id", "label", "fold", "part"]) == ()


def test_a_pattern_is_which_labels_a_patient_has_in_any_scan():
    rows = pd.DataFrame({"patient_id": ["a", "a", "b"], "x": [0, 1, pd.NA], "y": [0, 0, 1]}).astype(
        {"x": "Int64"}
    )
    assert pattern(rows, ("x", "y")).to_dict() == {"a": "10", "b": "01"}


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.lists(st.sampled_from([0, 1, pd.NA]), min_size=3)),
        max_size=12,
    )
)
def test_patterns_are_those_of_each_patient_alone(scans):
    names = ("x", "y", "z")
    rows = pd.DataFrame(
        [(patient, *labels[:3]) for patient, labels in scans], columns=["patient_id", *names]
    ).astype(dict.fromkeys(names, "Int64"))
    expected = {patient: "" for patient, _ in scans}
    for patient in expected:
        own = [labels for one, labels in scans if one == patient]
        for i in range(len(names)):
            expected[patient] += str(int(1 in [row[i] for row in own if row[i] is not pd.NA]))
    assert pattern(rows, names).to_dict() == expected


def test_a_label_that_is_no_class_of_the_study_is_refused():
    """C-02: four classes; a binary study must not take class 3 for a positive."""
    four = pd.DataFrame({"label": pd.array([0, 1, 2, 3], dtype="Int64")})
    classes = ("healthy", "COVID-19", "other viral", "bacterial")
    assert labelled(four, None, classes=classes) is four
    for known, n in (((), 2), (classes[:3], 3)):
        with pytest.raises(LabelsError, match=f"label of {n} or more, the highest 3"):
            labelled(four, None, classes=known)


def test_classes_may_be_those_of_categories_and_other_scans_are_left_out():
    """C-16: severities are categories of scans with COVID-19."""
    frame = pd.DataFrame({"category": ["COVID-19, II", "healthy", "COVID-19, I"]})
    frame["label"] = pd.array([1, 0, 1], dtype="Int64")
    categories = {"COVID-19, I": "I", "COVID-19, II": "II"}
    found = labelled(frame, None, classes=("I", "II"), categories=categories)
    assert list(found.index) == [0, 2]
    assert of(found, "label") == [1, 0]
    assert labelled(frame.iloc[1:2], None, classes=("I", "II"), categories=categories).empty
