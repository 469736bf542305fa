"""labelled: what the two general layouts share; test_images and test_volumes read sites."""

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from elsewhere.design.layouts.images import ImagesOptions
from elsewhere.sites.account import csv_text
from elsewhere.sites.images import Images
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import LayoutError, LeftOut


def write(root, *places):
    for seed, place in enumerate(places):
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        grey = np.random.default_rng(seed).integers(0, 256, (9, 8)).astype(np.uint8)
        Image.fromarray(grey).save(path)


def table(root, *lines):
    (root / "label.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def left_out(root, strict, **options):
    found = Images(**options).scans(root, strict)
    return {one.path: one for one in found if isinstance(one, LeftOut)}


def test_every_ending_of_a_row_and_a_file_has_its_reason(tmp_path, strict):
    write(tmp_path, "a/1.png", "a/2.png", "a/3.png", "b/3.png", "c/4.png", "c/5.png", "c/6.png")
    table(
        tmp_path,
        "path,patient,label,date,category",
        "a/1.png,P1,1,2020-01-02,",
        "a/2.png,,1,,",
        "3.png,P3,0,,",
        "c/4.png,P4,,,",
        "c/5.png,P5,0,1/2/20,",
        "gone.png,P6,0,,",
    )
    found = left_out(tmp_path, strict)
    assert {path: one.reason for path, one in found.items()} == {
        "a/2.png": "no_patient",
        "label.csv/3.png": "ambiguous_row",
        "a/3.png": "no_label",
        "b/3.png": "no_label",
        "c/4.png": "no_label",
        "c/5.png": "bad_date",
        "c/6.png": "no_label",
        "label.csv/gone.png": "missing",
    }
    assert (
        found["label.csv/gone.png"].detail == "line 7 of label.csv names a file that is not there"
    )


def test_the_table_is_told_apart_from_files_by_its_place_alone(tmp_path, strict):
    write(tmp_path, "a/1.png")
    table(tmp_path, "path,patient,label", "a/1.png,P1,1")
    (tmp_path / "a/label.csv").write_text("path,patient,label\nnothing.png,P,1\n")
    assert left_out(tmp_path, strict) == {}


@pytest.mark.parametrize(
    ("header", "missing"),
    [("patient,label", "path"), ("path,patient", "label"), ("path,label", "options.patient_key")],
)
def test_a_table_without_a_column_that_it_needs_is_refused(tmp_path, strict, header, missing):
    write(tmp_path, "a.png")
    table(tmp_path, header, "a.png,1")
    with pytest.raises(LayoutError, match=missing):
        list(Images().scans(tmp_path, strict))


def test_without_table_and_class_folders_the_message_says_what_to_write(tmp_path, strict):
    with pytest.raises(LayoutError, match=r"no label\.csv there.*columns path, patient and label"):
        list(Images().scans(tmp_path, strict))


def test_categories_are_those_that_the_site_declares(tmp_path, strict):
    write(tmp_path, "1.png", "2.png", "3.png")
    rows = ["path,patient,label,category", "1.png,A,1,flu", "2.png,A,0,", "3.png,A,1,Doe^John"]
    table(tmp_path, *rows)
    options = {"categories": ("flu", "none")}
    scans = [one for one in Images(**options).scans(tmp_path, strict) if one.path == "1.png"]
    assert [one.category for one in scans] == ["flu"]
    assert {p: one.reason for p, one in left_out(tmp_path, strict, **options).items()} == {
        "3.png": "unknown_category"
    }
    # without a declaration the words do not leave the machine
    assert [one.category for one in Images().scans(tmp_path, strict)] == [
        "positive",
        "negative",
        "positive",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": {"a": 100}}, "classes.a"),
        ({"classes": {"a": 1}, "findings": ["edema"]}, "exclude each other"),
        ({"patient_pattern": "("}, "no regular expression"),
        ({"patient_pattern": "abc"}, "no group"),
        ({"patient_pattern": "(a)", "patient_key": "none"}, "leave out patient_key"),
        ({"findings": ["Edema"]}, "findings.0"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        ImagesOptions(**options)


def test_a_private_site_shows_no_name(tmp_path, take, caplog):
    """Names of folders, files, patients, hospitals, scanners and all cells of the table."""
    write(tmp_path, "SECRETFOLDER/SECRETFILE.png", "SECRETFOLDER/SECRETOTHER.png")
    (tmp_path / "SECRETFOLDER/SECRETBAD.png").write_text("SECRETTEXT")
    table(
        tmp_path,
        "path,patient,label,category,sex,age,date,scanner,sub_site",
        "SECRETFOLDER/SECRETFILE.png,SECRETPATIENT,1,SECRETWORD,F,95,2020-01-31,SECRETMAKER,SECRETHOUSE",
        "SECRETFOLDER/SECRETOTHER.png,SECRETPATIENT,SECRETLABEL,,,,,,",
        "SECRETFOLDER/SECRETBAD.png,SECRETPATIENT,1,,,,,,",
        "SECRETGONE.png,SECRETPATIENT,1,,,,,,",
    )
    caplog.set_level("DEBUG")
    result = take("images", tmp_path, private=True)
    keys = Keys("a-site", True, b"key of a test")
    shown = caplog.text + csv_text(result.account, keys.path) + repr(result.rows)
    assert {"bad_label", "missing", "unreadable"} <= set(result.reasons)
    assert "SECRET" not in shown
    assert "20200131" not in shown
    (row,) = result.rows.values()
    assert (row["age"], row["manufacturer"], row["category"]) == (90, "other", "positive")


FOUR = {"healthy": 0, "COVID-19": 1, "other viral": 2, "bacterial": 3}


def test_words_of_the_label_column_are_the_classes_of_a_study(tmp_path, strict):
    """C-02: label.csv of a hospital holds words, in any case."""
    write(tmp_path, "1.png", "2.png", "3.png")
    table(tmp_path, "path,patient,label", "1.png,P1,Bacterial", "2.png,P2,covid-19", "3.png,P3,1")
    found = list(Images(labels=FOUR).scans(tmp_path, strict))
    assert [(one.label, one.category) for one in found[:2]] == [(3, "bacterial"), (1, "COVID-19")]
    assert (found[2].reason, found[2].detail) == (
        "bad_label",
        "the label in label.csv is no word of options.labels",
    )


def test_class_folders_may_be_more_than_two(tmp_path, strict):
    write(tmp_path, "none/1.png", "viral/2.png", "bacterial/3.png")
    options = {"classes": {"none": 0, "viral": 1, "bacterial": 2}, "patient_key": "none"}
    found = {one.path: one.label for one in Images(**options).scans(tmp_path, strict)}
    assert found == {"none/1.png": 0, "viral/2.png": 1, "bacterial/3.png": 2}
    assert Images(**options).highest_label == 2


def test_words_and_findings_exclude_each_other():
    with pytest.raises(ValidationError, match="labels and findings exclude each other"):
        ImagesOptions(labels=FOUR, findings=("edema",))
