from __future__ import annotations

import pandas as pd
import pytest

from elsewhere.cohorts.leakage import LeakageError, check
from elsewhere.cohorts.split import pinned_part
from elsewhere.design.split import Split

NOBODY = pd.DataFrame({"patient_id": [], "group": [], "across_sites": []}).astype(
    {"patient_id": str, "group": str, "across_sites": bool}
)
HOLDOUT = Split(kind="holdout", folds=1, test=0.25, validation=0.25, seed=0)
FOLDS = Split(kind="folds", folds=2, test=0.5, validation=0.25, seed=0)


def manifest(patient_key: str = "published") -> pd.DataFrame:
    """Four patients of two scans."""
    return pd.DataFrame(
        {
            "scan_id": [f"s{i}" for i in range(8)],
            "patient_id": [f"p{i // 2}" for i in range(8)],
            "patient_key": patient_key,
            "label": [0, 0, 1, 1, 0, 0, 1, 1],
            "volume_sha256": [f"v{i}" for i in range(8)],
        }
    )


def split(*folds: str) -> pd.DataFrame:
    """One letter a patient and fold: r train, v validation, t test."""
    parts = {"r": "train", "v": "validation", "t": "test"}
    scans = manifest()[["scan_id", "patient_id", "label"]]
    return pd.concat(
        [
            scans.assign(fold=fold, part=[parts[letters[i // 2]] for i in range(8)])
            for fold, letters in enumerate(folds)
        ],
        ignore_index=True,
    )


def test_a_clean_holdout_is_reported_with_its_counts():
    gate = check(split("rrvt"), manifest(), NOBODY, settings=HOLDOUT)
    assert gate["patients_in_two_parts"] == 0
    assert (gate["patients"], gate["scans"], gate["split"]) == (4, 8, "patient-level")
    assert gate["counts"] == [
        {"fold": 0, "part": "train", "label": 0, "patients": 1, "scans": 2},
        {"fold": 0, "part": "train", "label": 1, "patients": 1, "scans": 2},
        {"fold": 0, "part": "validation", "label": 0, "patients": 1, "scans": 2},
        {"fold": 0, "part": "test", "label": 1, "patients": 1, "scans": 2},
    ]
    assert gate["shares"]["requested"] == {"train": 0.5, "validation": 0.25, "test": 0.25}
    assert gate["shares"]["reached"][0] == {
        "fold": 0,
        "of": "patients",
        "train": 0.5,
        "validation": 0.25,
        "test": 0.25,
    }


@pytest.mark.parametrize("scan", range(8))
@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_a_planted_leak_is_caught_wherever_it_is(scan, part):
    rows = split("rrvt")
    if rows.loc[scan, "part"] == part:
        rows.loc[scan, "part"] = "test" if part == "train" else "train"
    else:
        rows.loc[scan, "part"] = part
    with pytest.raises(LeakageError, match=f"p{scan // 2}"):
        check(rows, manifest(), NOBODY, settings=HOLDOUT)


def test_the_same_voxels_under_two_patients_are_a_leak_only_across_parts():
    scans = manifest()
    scans.loc[7, "volume_sha256"] = "v0"
    with pytest.raises(LeakageError, match="identical volumes"):
        check(split("rrvt"), scans, NOBODY, settings=HOLDOUT)
    gate = check(split("trvt"), scans, NOBODY, settings=HOLDOUT)
    assert gate["patients_sharing_a_volume"] == 2


def test_a_patient_tested_twice_or_never_is_caught():
    assert check(split("ttrv", "vrtt"), manifest(), NOBODY, settings=FOLDS)["folds"] == 2
    with pytest.raises(LeakageError, match="p2"):
        check(split("tttr", "vrtt"), manifest(), NOBODY, settings=FOLDS)
    with pytest.raises(LeakageError, match="p1"):
        check(split("tvrr", "vrtt"), manifest(), NOBODY, settings=FOLDS)


def test_a_scan_that_is_missing_doubled_or_foreign_is_caught():
    rows = split("rrvt")
    for wrong in (rows.iloc[1:], pd.concat([rows, rows.iloc[:1]])):
        with pytest.raises(LeakageError, match="s0"):
            check(wrong, manifest(), NOBODY, settings=HOLDOUT)
    with pytest.raises(LeakageError, match="s7"):
        check(rows, manifest().iloc[:7], NOBODY, settings=HOLDOUT)


def test_without_patient_keys_the_split_is_flagged_as_image_level():
    gate = check(split("rrvt"), manifest("none"), NOBODY, settings=HOLDOUT)
    assert gate["patient_key"] == "none"
    assert gate["split"] == "image-level: this site publishes no patient key"


def connected(*members: str, across_sites: bool = False) -> pd.DataFrame:
    rows = [{"patient_id": name, "group": "g" * 16} for name in members]
    return pd.DataFrame(rows).assign(across_sites=across_sites)


def test_near_identical_scans_of_two_patients_in_two_parts_are_refused():
    with pytest.raises(LeakageError, match="groups of near-identical volumes are in two parts"):
        check(split("rrvt"), manifest(), connected("p0", "p3"), settings=HOLDOUT)
    gate = check(split("rrvt"), manifest(), connected("p0", "p1"), settings=HOLDOUT)
    assert (gate["patients_in_groups"], gate["patients_across_sites"]) == (2, 0)


def test_a_group_of_two_sites_must_be_where_its_name_puts_it():
    letters = {"train": "r", "validation": "v", "test": "t"}
    right = letters[pinned_part("g" * 16, 0, settings=HOLDOUT)]
    groups = connected("p0", across_sites=True)
    for letter in "rvt":
        rows = split(letter + "rvt")
        if letter == right:
            assert check(rows, manifest(), groups, settings=HOLDOUT)["patients_across_sites"] == 1
        else:
            with pytest.raises(LeakageError, match="a site would test what another trains on"):
                check(rows, manifest(), groups, settings=HOLDOUT)


FIXED = Split(kind="fixed_test", folds=2, test=0.25, validation=0.0, seed=0)


def test_a_fixed_test_part_is_the_same_in_all_folds_and_each_other_validated_once():
    gate = check(split("vrrt", "rvvt"), manifest(), NOBODY, settings=FIXED)
    assert gate["checked"][-1].startswith("all folds test the same patients")
    assert gate["shares"]["requested"] == {"train": 0.375, "validation": 0.375, "test": 0.25}


@pytest.mark.parametrize("folds", [("vrrt", "rvtv"), ("vrrt", "vrrt"), ("rrrt", "rvvt")])
def test_another_test_part_or_validation_twice_or_never_is_refused(folds):
    with pytest.raises(LeakageError, match="neither tested in every fold nor validated in exactly"):
        check(split(*folds), manifest(), NOBODY, settings=FIXED)


def test_a_fixed_test_part_of_a_site_without_data_passes():
    nothing = split("vrrt", "rvvt").iloc[:0], manifest().iloc[:0]
    assert check(*nothing, NOBODY, settings=FIXED)["status"] == "not run"
