import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import Volume
from elsewhere.sites import manifest, rows
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import Scan

PUBLIC, PRIVATE = (Keys("a-site", private, b"key of a test") for private in (False, True))
VOXELS = np.array([[[0, 255]]], np.int16)


def scan(name="n", **changes):
    known = {"path": name, "patient": "P1", "label": 1, "category": "x"}
    return Scan(name=name, source=Source("stack", (Path(name),)), **known | changes)


def made(*scans, keys=PRIVATE, **volume):
    known = {"value_scale": "HU", "bits_stored": 12, "source_format": "DICOM"}
    first = rows.first_days(scans)
    kept = Volume(VOXELS, **known | volume)
    row = rows.Rows(keys, False, first).row
    return [row(one, kept, rows.stored(kept), 2) for one in scans]


def test_rows_are_those_of_a_manifest():
    assert set(made(scan())[0]) == set(manifest.COLUMNS)


def test_a_radiograph_has_findings_a_view_and_the_publishers_part():
    known = {"edema": "uncertain", "atelectasis": "blank"}
    (row,) = made(scan(label=None, findings=known, view="AP", publisher_part="test"))
    assert row["label"] is None
    assert row["findings"] == "atelectasis=blank;edema=uncertain"
    assert (row["view"], row["publisher_part"]) == ("AP", "test")
    (row,) = made(scan())
    assert (row["findings"], row["view"], row["publisher_part"]) == ("", "none", "")


def test_days_count_from_the_first_study_of_each_patient():
    dates = ["20200301", "20200229", "2020.03.31", None, "unknown", "20200230"]
    found = made(*(scan(str(i), date=date) for i, date in enumerate(dates)))
    assert [row["study_day"] for row in found] == [1, 0, 31, None, None, None]
    (other,) = made(scan(patient="P2", date="19991231"))
    assert other["study_day"] == 0
    (nobody,) = made(scan(patient=None, date="19991231"))
    assert nobody["study_day"] is None


def test_a_scan_to_fall_back_on_is_a_study_too():
    first = rows.first_days([scan(date="20200102", instead=(scan(date="20200101"),))])
    assert first == {"P1": rows.day("20200101")}


@pytest.mark.parametrize("keys", [PUBLIC, PRIVATE])
@pytest.mark.parametrize(
    ("age", "kept", "flag"),
    [
        (float("nan"), False, ""),
        (0.0, True, ""),
        (999.0, False, "age_impossible"),
        (-3.0, False, "age_impossible"),
        (float("inf"), False, "age_impossible"),
    ],
)
def test_an_age_that_nobody_has_is_unknown_and_flagged_and_never_90(keys, age, kept, flag):
    (row,) = made(scan(age=age), keys=keys)
    assert (row["age"] == age, row["flags"]) == (kept, flag)


def test_a_spacing_that_cannot_be_is_unknown_and_flagged():
    known = {"value_scale": "HU", "bits_stored": 12, "source_format": "DICOM"}
    nan = float("nan")
    for step in (0.0, -5.0, 0.005, 700.0, float("inf")):
        spacing = (step, 1.0, 1.0)
        volume = rows.sound(Volume(VOXELS, **known, spacing_mm=spacing, affine=np.eye(4)))
        assert volume.flags == ("spacing_impossible",)
        np.testing.assert_array_equal(volume.spacing_mm, (nan, 1, 1))
        assert volume.affine is None
    unknown = Volume(VOXELS, **known)
    assert rows.sound(unknown) is unknown


def test_names_that_case_blanks_or_leading_zeros_tell_apart_are_flagged_for_judgement():
    known = [scan(str(n), patient=name) for n, name in enumerate(["007", "7", "Ann", "ANN ", "8"])]
    alike = rows.alike([*known, scan("x", patient=None)])
    assert alike == {"007", "7", "Ann", "ANN "}
    row = rows.Rows(PUBLIC, False, {}, rows.doubts(known)).row
    volume = Volume(VOXELS, value_scale="HU", bits_stored=12, source_format="DICOM")
    assert [row(one, volume, VOXELS, 1)["flags"] for one in known] == ["patient_alike"] * 4 + [""]


def test_a_patient_of_two_sexes_may_be_two_people():
    """Two hospitals that both count their patients from 1."""
    known = [scan("a", patient="1", sex="F"), scan("b", patient="1", sex="M")]
    known += [scan("c", patient="2", sex="M"), scan("d", patient="2", sex="unknown")]
    assert rows.doubts(known) == {"1": {"sex_differs"}}


@given(st.dates())
def test_a_day_is_a_number_that_counts_days(date):
    assert rows.day(date.strftime("%Y").zfill(4) + date.strftime("%m%d")) == date.toordinal()


@pytest.mark.parametrize("text", ["", None, "2020", "20201301", "2020131", "\u0662\u0660200101"])
def test_what_is_no_date_is_no_day(text):
    assert rows.day(text) is None


def test_a_private_site_hashes_its_words_and_joins_the_oldest():
    """45 CFR 164.514: ages above 89 are one category."""
    one = scan(path="SMITH/1", sub_site="St. Mary", age=104.0)
    (private,), (public,) = made(one), made(one, keys=PUBLIC)
    assert (private["sub_site"], private["age"]) == (PRIVATE.word("sub_site", "St. Mary"), 90.0)
    assert (public["sub_site"], public["age"]) == ("St. Mary", 104.0)
    assert private["source_path"] == PRIVATE.path("SMITH/1")
    assert math.isnan(made(scan())[0]["age"])


def test_the_affine_is_text_that_gives_it_back():
    affine = np.eye(4)
    affine[:3] = [[0.7, 0, -0.0, -100.123456], [0, 0.7, 0, 3], [0, 0, 2.5, -300]]
    numbers = json.loads(rows.affine_text(affine))
    np.testing.assert_array_equal(np.reshape(numbers, (3, 4)), affine[:3])
    assert "-0.0," not in rows.affine_text(affine)
    assert rows.affine_text(None) == rows.affine_text(affine * np.nan) == ""


def test_codes_are_sorted_and_stand_once():
    (row,) = made(scan(), flags=("face_slices", "burned_in", "face_slices"), repairs=())
    assert (row["flags"], row["repairs"]) == ("burned_in;face_slices", "")


def test_a_face_above_the_lungs_is_flagged():
    volume = Volume(VOXELS, "HU", 12, "DICOM", flags=("burned_in",))
    assert rows.flags(volume, {"face_slices": 3}) == ("burned_in", "face_slices")
    assert rows.flags(volume, {"face_slices": 0}) == ("burned_in",)


def test_greys_take_one_byte_and_hu_two():
    grey = rows.stored(Volume(VOXELS, "0-255", 8, "PNG"))
    assert grey.dtype == np.uint8
    np.testing.assert_array_equal(grey, VOXELS)
    assert rows.stored(Volume(VOXELS, "HU", 12, "DICOM")).dtype == np.int16
