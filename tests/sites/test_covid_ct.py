import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.design import params
from elsewhere.sites.covid_ct import CovidCt, match
from elsewhere.sites.layout import LeftOut, Scan

POLICY = params.load(Path(__file__).parents[1] / "params").intakes["strict"]


def split(found):
    found = list(found)
    scans = [one for one in found if isinstance(one, Scan)]
    return scans, [one for one in found if isinstance(one, LeftOut)]


def test_names_are_matched_in_spite_of_suffix_case_and_blanks(published):
    scans, rejected = split(CovidCt().scans(published("covid_ct"), POLICY))
    patients = {scan.name: scan.patient for scan in scans}
    assert rejected == []
    assert patients == {
        "CT_COVID/a-p3-89%0.png": "Patient 1",
        "CT_COVID/a-p3-89%1.png": "Patient 1",
        "CT_COVID/b_2.png": "Patient 2",
        "CT_NonCOVID/0.jpg": "crawled_patient_0",
        "CT_NonCOVID/1%0.jpg": "crawled_patient_1",
        "CT_NonCOVID/1%1.png": "crawled_patient_1",
    }
    assert [scan.sex for scan in scans] == ["M", "M", "unknown", *["unknown"] * 3]
    assert scans[0].age == 41
    assert math.isnan(scans[2].age)


def test_images_may_lie_in_the_folder_of_the_publisher(published):
    root = published("covid_ct")
    names = [scan.name for scan in CovidCt().scans(root, POLICY)]
    (root / "Images-processed").mkdir()
    for folder in ("CT_COVID", "CT_NonCOVID"):
        (root / folder).rename(root / "Images-processed" / folder)
    moved = list(CovidCt().scans(root, POLICY))
    assert [scan.name for scan in moved] == names
    assert moved[0].path.startswith("Images-processed/CT_COVID/")


def test_what_one_list_lacks_is_a_rejected_row(published):
    root = published("covid_ct")
    (root / "CT_COVID" / "b_2.png").rename(root / "CT_COVID" / "c.png")
    scans, rejected = split(CovidCt().scans(root, POLICY))
    assert len(scans) == 5
    assert {(one.path, one.reason) for one in rejected} == {
        ("CT_COVID/c.png", "not_listed"),
        ("CT_COVID/B_2", "missing"),
    }


def test_an_ambiguous_name_is_not_guessed():
    assert match({"a"}, {"a.png", "a.jpg"}) == {}
    assert match({"a", "A"}, {"a.png"}) == {}
    assert match({"a.png", "a"}, {"a.png", "a.jpg"}) == {"a.png": "a.png", "a.jpg": "a"}


NAMES = st.sets(st.text("aB 1%._", min_size=1, max_size=4), max_size=8)


@given(NAMES, NAMES)
def test_no_name_is_used_twice_and_exact_names_match(listed, on_disk):
    found = match(listed, on_disk)
    assert len(set(found.values())) == len(found)
    assert set(found) <= on_disk
    assert set(found.values()) <= listed
    assert {name: name for name in listed & on_disk}.items() <= found.items()


@pytest.mark.real
def test_the_published_images(real):
    """D-02: 349 and 397 images; the tables hold 213 and 171 distinct patients."""
    scans, rejected = split(CovidCt().scans(real("covid-ct"), POLICY))
    patients = [{scan.patient for scan in scans if scan.label == label} for label in (0, 1)]
    assert [sum(scan.label == label for scan in scans) for label in (0, 1)] == [397, 349]
    assert [len(each) for each in patients] == [171, 213]
    assert not patients[0] & patients[1]
    assert rejected == []
