"""second_stage: the parts of the first study stay, whatever the labels are now (C-16)."""

from __future__ import annotations

import pandas as pd
import pytest

from elsewhere.cohorts.second_stage import FirstStageError, parts

FIRST = pd.DataFrame(
    {
        "scan_id": [*"abcd"] * 2,
        "patient_id": [*"ppqr"] * 2,
        "label": [1, 1, 0, 1] * 2,
        "fold": [0] * 4 + [1] * 4,
        "part": ["train", "train", "test", "test", "test", "test", "train", "validation"],
    }
)
SCANS = pd.DataFrame({"scan_id": [*"dab"], "patient_id": [*"rpp"], "label": [2, 0, 0]})


def test_every_scan_is_in_the_part_of_the_first_study_in_each_fold() -> None:
    rows = parts(SCANS, FIRST)
    assert list(rows) == ["scan_id", "patient_id", "label", "fold", "part"]
    assert [*zip(rows["fold"], rows["scan_id"], rows["part"], strict=True)] == [
        (0, "a", "train"), (0, "b", "train"), (0, "d", "test"),
        (1, "a", "test"), (1, "b", "test"), (1, "d", "validation"),
    ]  # fmt: skip
    assert list(rows["label"]) == [0, 0, 2] * 2, "those of the second study"


def test_a_scan_that_the_first_study_does_not_have_is_refused() -> None:
    with pytest.raises(FirstStageError, match="1 of 3 scans are in no part of the first study"):
        parts(SCANS.replace({"scan_id": {"d": "x"}}), FIRST)


def test_a_site_without_such_scans_has_an_empty_split() -> None:
    assert parts(SCANS.head(0), FIRST).empty
