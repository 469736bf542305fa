from __future__ import annotations

import dataclasses

import chestxray_study as study
import pandas as pd
import pytest

from elsewhere.figures.divided import Divided, marks

SIZES = {"chexpert": 200, "chestxray14": 120, "mimic-cxr-jpg": 60}


@pytest.fixture(scope="module")
def divided() -> Divided:
    return study.cohorts(SIZES)


def test_every_ingested_scan_is_used_or_left_out(divided: Divided) -> None:
    for column in divided.columns:
        used, lost = divided.used(column), divided.left_out(column)
        assert len(used) + len(lost) == SIZES[column.name]
        assert set(lost["view"]) <= {"lateral"}
        assert sum(map(len, divided.parts(column).values())) == len(used)
    assert [*divided.parts(divided.columns[0])] == ["train", "validation", "test"]
    assert [*divided.parts(divided.columns[2])] == ["test"]


def test_of_several_folds_the_first_is_shown_and_the_note_says_so(divided: Divided) -> None:
    splits = {
        row: pd.concat([split, split.assign(fold=1, part="test")])
        for row, split in divided.splits.items()
    }
    folds = dataclasses.replace(divided, splits=splits)
    assert folds.folds == 2
    column = divided.columns[0]
    assert folds.parts(column)["train"].equals(divided.parts(column)["train"])
    assert "the first of 2 folds; over all folds each patient is tested" in folds.notes_of_parts[0]
    assert divided.notes_of_parts == divided.notes == ()


def test_folds_that_test_the_same_patients_are_not_said_to_test_every_patient(
    divided: Divided,
) -> None:
    """C-07: five folds beside one test part."""
    splits = {
        row: pd.concat([split, split.assign(fold=1)]) for row, split in divided.splits.items()
    }
    (note, *_) = dataclasses.replace(divided, splits=splits).notes_of_parts
    assert "all folds test the same patients" in note


def test_images_that_stand_for_patients_are_starred(divided: Divided) -> None:
    row = "chestxray14-synthetic"
    unkeyed = divided.manifests[row].assign(patient_key="none")
    starred = dataclasses.replace(divided, manifests={**divided.manifests, row: unkeyed})
    assert [starred.heading(column) for column in starred.columns] == [
        "CheXpert",
        "ChestX-ray14 *",
        "MIMIC-CXR-JPG",
    ]
    assert "ChestX-ray14: no patient keys published" in starred.notes[0]
    assert starred.notes_of_parts == starred.notes


def test_a_label_that_no_split_has_is_named(divided: Divided) -> None:
    with pytest.raises(ValueError, match="split of chexpert-synthetic has no column hernia"):
        dataclasses.replace(divided, labels={"hernia": "Hernia"})


def test_every_line_says_whether_its_site_is_synthetic() -> None:
    real, made = study.columns(synthetic=False)[0], study.columns()[0]
    assert (marks(real)["synthetic"], marks(made)["synthetic"]) == ("no", "yes")
