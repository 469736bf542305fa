from __future__ import annotations

import dataclasses

import pytest

from elsewhere.scores.attention import FEW, REJECTED, Observed, notices

DUPLICATES = {"listed_pairs_across_sites": 0, "groups_across_sites": 0}


def counts(test=(40, 30), validation=(10, 8), **about):
    return [
        {"fold": 0, "part": part, "label": label, "patients": number, "scans": number, **about}
        for part, numbers in (("train", (90, 80)), ("validation", validation), ("test", test))
        for label, number in enumerate(numbers)
        if number
    ]


def gate(**about):
    return {"status": "ok", "patient_key": "published", "counts": counts(**about)}


def cell(status="ok", reason=None, rule="highest accuracy on validation data: 9 of 10 scans (a)"):
    runs = [] if status == "not run" else [{"threshold_rule": rule}]
    return {"status": status, "reason": reason, "runs": runs}


GOOD = Observed(
    sites={"a-row": "Site A", "b-row": "Site B"},
    classes=("no COVID-19", "COVID-19"),
    findings={},
    files={"a-row": (0, 100), "b-row": (5, 100)},
    gates={"a-row": gate(), "b-row": gate()},
    audit={
        "duplicates": DUPLICATES,
        "shortcuts": [
            {"what": "label", "where": "a-row", "fields": "format", "status": "ok", "auc": 0.55,
             "p_holm": 0.3, "family": 1},
            {"what": "site", "where": "all sites", "fields": "format", "status": "undefined",
             "auc": None, "p_holm": None, "family": 1},
        ],
    },
    cells=[cell(), cell()],
    threshold_from="training_sites",
)  # fmt: skip


def texts(**changed):
    return [notice.text for notice in notices(dataclasses.replace(GOOD, **changed))]


def test_a_study_without_a_doubt_has_no_notice():
    assert notices(GOOD) == []


def test_cells_that_were_not_run_are_counted_by_reason():
    gone = [cell("not run", "site b has no data here")] * 3
    (text,) = texts(cells=[*gone, cell()])
    assert text == "3 of 4 cells were not run: site b has no data here."


@pytest.mark.parametrize(("rejected", "expected"), [(5, 0), (6, 1)])
def test_rejected_files_count_above_the_threshold(rejected, expected):
    assert REJECTED == 0.05
    found = texts(files={"a-row": (rejected, 100)})
    assert len(found) == expected
    assert all("6 of 100 image files of Site A (6%)" in text for text in found)


def test_a_site_without_files_is_no_division_by_zero():
    assert texts(files={"a-row": (0, 0)}) == []


@pytest.mark.parametrize(("patients", "expected"), [(FEW, 0), (FEW - 1, 1)])
def test_few_test_patients_of_a_class_are_named(patients, expected):
    found = texts(gates={"a-row": gate(test=(40, patients))})
    assert len(found) == expected
    assert all(f"Site A tests on fewer than {FEW} patients" in text for text in found)
    assert all(f"{FEW - 1} COVID-19;" in text for text in found)


def test_one_class_is_told_of_test_and_validation_not_of_training():
    (text,) = texts(gates={"b-row": gate(test=(0, 65), validation=(0, 12))})
    assert "Site B has parts with one class only" in text
    assert "validation: COVID-19; test: COVID-19" in text
    alone = gate()
    alone["counts"] = [
        row for row in alone["counts"] if row["part"] != "train" or row["label"] == 1
    ]
    assert texts(gates={"b-row": alone}) == []


def test_what_the_gate_let_pass_is_told_with_its_part():
    fault = {"kind": "one_class", "fold": 0, "part": "train", "text": "one class: 9 COVID-19"}
    (text,) = texts(gates={"b-row": gate() | {"allowed": [fault], "warned": []}})
    assert text.startswith("Site B could not be divided as asked for; the study accepts ")
    assert "parts with one class only (training part: 9 COVID-19)" in text
    lost = {**fault, "text": "no COVID-19: 3 other", "about": "COVID-19"}
    of_finding = {**lost, "about": "hernia"}
    (text,) = texts(gates={"b-row": gate() | {"allowed": [], "warned": [lost, of_finding]}})
    assert text.endswith(
        "a class that the site has elsewhere: training part: no COVID-19: 3 other."
    )


def test_findings_are_named_where_a_part_has_all_or_none():
    rows = counts(finding="edema") + counts(test=(50, 0), finding="pneumonia")
    found = texts(
        gates={"a-row": {"status": "ok", "patient_key": "published", "counts": rows}},
        findings={"edema": "Edema", "pneumonia": "Pneumonia"},
        classes=("absent", "present"),
    )
    assert [text for text in found if "one class only" in text] == [
        "Site A has parts with one class only (test: Pneumonia never): no AUC can be "
        "computed from them, and no threshold chosen."
    ]


def test_folds_are_named_where_there_are_several():
    rows = [
        {**row, "fold": fold, "patients": 3 if fold and row["part"] == "test" else row["patients"]}
        for fold in range(2)
        for row in counts()
    ]
    (text,) = texts(gates={"a-row": {"status": "ok", "patient_key": "x", "counts": rows}})
    assert "3 no COVID-19 in fold 1, 3 COVID-19 in fold 1" in text


def test_headers_that_give_the_answer_are_one_sentence_a_question():
    answers = [
        {"what": "label", "where": "a-row", "fields": fields, "status": "ok", "auc": 0.95,
         "p": 0.001, "p_holm": p, "family": 24}
        for fields, p in (("acquisition", 0.001), ("format", 0.05), ("texture", 0.06))
    ]  # fmt: skip
    found = notices(
        dataclasses.replace(GOOD, audit={"duplicates": DUPLICATES, "shortcuts": answers})
    )
    (notice,) = found
    assert notice.text.startswith("The label at Site A can be predicted from headers alone")
    assert (
        "acquisition fields: AUC 0.95, p 0.001; the file format: AUC 0.95, p 0.050" in notice.text
    )
    assert "voxels" not in notice.text
    assert (notice.figure, notice.section) == ("confounding", "audit")


def test_image_level_splits_and_duplicates_across_sites_are_said():
    keyless = {**gate(), "patient_key": "none"}
    (split,) = texts(gates={"a-row": keyless, "b-row": gate()})
    assert split.startswith("Site A: split by image")
    (split,) = texts(gates={"a-row": keyless}, never_trained=frozenset({"a-row"}))
    assert "no model was trained on its images" in split
    assert "in training and" not in split
    few = {**gate(test=(40, 3)), "patient_key": "none"}
    assert "fewer than 10 images of a class" in texts(gates={"a-row": few})[-1]
    shared = {"listed_pairs_across_sites": 1, "groups_across_sites": 1}
    (duplicates,) = texts(audit={"duplicates": shared, "shortcuts": []})
    assert duplicates.startswith("1 pair of identical or nearly identical scans")


def test_every_way_to_a_threshold_but_a_validation_part_of_training_sites_is_said():
    assert "above 0.5. No threshold was chosen" in texts(threshold_from="argmax")[0]
    assert "test site" in texts(threshold_from="test_site")[0]
    fallen = cell(rule="argmax (0.5): all 9 validation scans are positive (a)")
    assert texts(cells=[cell(), fallen])[0].startswith("1 of 2 thresholds are 0.5, because")


def test_arms_chosen_on_test_are_named():
    (text,) = texts(optimistic=("Joint (optimistic: chosen on test)",))
    assert "The weights of 1 arm were chosen on test scans" in text


def test_the_gravest_come_first():
    found = texts(
        cells=[cell("not run", "x"), cell()],
        files={"a-row": (50, 100)},
        gates={"a-row": {**gate(test=(3, 30)), "patient_key": "none"}},
        threshold_from="argmax",
    )
    order = ["not run", "split by image", "fewer than", "rejected", "No threshold"]
    assert [next(word for word in order if word in text) for text in found] == order


def test_a_class_that_a_site_lacks_is_named_where_there_are_more_than_two():
    """C-25: one site has no other viral pneumonia; of one class alone another notice tells."""
    names = ("healthy", "COVID-19", "other viral")
    rows = counts(test=(40, 30, 20), validation=(10, 8, 6))
    lacking = [row for row in rows if row["label"] != 2]
    alone = [row for row in rows if row["label"] == 1]
    told = {}
    for name, kept in (("all", rows), ("lacking", lacking), ("alone", alone)):
        gates = {"a-row": {"status": "ok", "patient_key": "published", "counts": kept}}
        told[name] = texts(classes=names, gates=gates)
    assert told["all"] == []
    (text,) = told["lacking"]
    assert "Site A has no scan of class other viral: its results of this class" in text
    (text,) = told["alone"]
    assert "one class only (validation: COVID-19; test: COVID-19)" in text


def test_of_several_classes_the_argmax_has_no_threshold_of_a_half():
    (text,) = texts(classes=("a", "b", "c"), threshold_from="argmax", gates={})
    assert "the class with the highest probability" in text
    assert "0.5" not in text


def test_scans_that_a_first_stage_loses_are_told_once_a_site():
    """C-16: a first stage that misses the mild makes the second look better."""
    stage = {"called": "COVID-19", "n_called": 7, "n_not_called": 3}
    cells = [
        {**cell(), "site": site, "second_stage": stage} for site in ("a-row", "a-row", "internal")
    ]
    (text,) = texts(cells=cells)
    assert text.startswith("The first stage calls 3 of 10 test scans of Site A not COVID-19")
    none = {**stage, "n_not_called": 0}
    assert texts(cells=[{**cell(), "site": "a-row", "second_stage": none}]) == []


def test_every_flag_of_a_site_is_told_with_its_count():
    (text,) = texts(flags={"a-row": {"lossy": 3, "age_impossible": 1}, "b-row": {"": 12}})
    assert text.startswith("Unusual scans of Site A")
    assert "used as they are: age_impossible 1, lossy 3. " in text
