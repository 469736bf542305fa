"""units: scans that may not be divided are one unit."""

import pandas as pd

from elsewhere.cohorts.units import Unit, units

NOBODY = pd.DataFrame({"patient_id": [], "group": [], "across_sites": []}).astype(
    {"patient_id": str, "group": str, "across_sites": bool}
)


def table(*rows):
    columns = ["scan_id", "patient_id", "label", "category", "volume_sha256"]
    return pd.DataFrame(rows, columns=columns)


def test_a_patient_is_a_unit_with_its_highest_label_and_that_labels_commonest_category():
    scans = table(
        ("1", "p", 0, "normal", "a"), ("2", "p", 1, "mild", "b"), ("3", "p", 1, "severe", "c"),
        ("4", "p", 1, "severe", "d"), ("5", "q", 0, "normal", "e"),
    )  # fmt: skip
    assert units(scans, NOBODY) == [
        Unit("a", ("p",), 4, 1, "severe"),
        Unit("e", ("q",), 1, 0, "normal"),
    ]


def test_patients_with_identical_voxels_or_in_one_group_are_connected_through_others():
    scans = table(
        ("1", "p", 0, "x", "same"), ("2", "q", 0, "x", "same"), ("3", "q", 0, "x", "b"),
        ("4", "r", 1, "y", "c"), ("5", "s", 0, "x", "d"),
    )  # fmt: skip
    groups = pd.DataFrame(
        [("q", "g", False), ("r", "g", False)], columns=["patient_id", "group", "across_sites"]
    )
    joined, alone = units(scans, groups)
    assert (joined.patients, joined.n_scans, joined.label) == (("p", "q", "r"), 4, 1)
    assert (alone.patients, joined.pin, joined.key) == (("s",), "", "b")


def test_a_group_across_sites_pins_its_unit_by_its_name():
    scans = table(("1", "p", 0, "x", "a"))
    groups = pd.DataFrame([("p", "g", True)], columns=["patient_id", "group", "across_sites"])
    (unit,) = units(scans, groups)
    assert unit.pin == "g"
