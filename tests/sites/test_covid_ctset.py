import shutil
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.design import params
from elsewhere.sites.covid_ctset import CovidCtset, _by_patient, _listed_series
from elsewhere.sites.layout import LayoutError, LeftOut, Scan, age

POLICY = params.load(Path(__file__).parents[1] / "params").intakes["strict"]


def scans(found):
    return [one for one in found if isinstance(one, Scan)]


def reasons(found):
    return {one.path: one.reason for one in found if isinstance(one, LeftOut)}


def test_nested_and_flat_names_are_read_alike(published):
    found = scans(CovidCtset().scans(published("covid_ctset"), POLICY))
    assert [scan.name for scan in found] == [
        f"patient{number}/SR_{series}" for number in (1, 2) for series in (2, 3, 4)
    ]
    assert [scan.label for scan in found] == [1] * 3 + [0] * 3
    assert found[0].path == "137covid_patient1_SR_2"
    assert found[3].path == "normal2/patient2/SR_2"
    assert {len(scan.source.files) for scan in found} == {11}


def test_the_table_gives_rescale_spacing_and_acquisition(published):
    scan = scans(CovidCtset().scans(published("covid_ctset"), POLICY))[0]
    source = scan.source
    assert (source.slope, source.intercept, source.bits_stored) == (1, -1024, 12)
    assert source.spacing_mm == (6, 0.75, 0.75)
    assert (source.acquisition.manufacturer, source.acquisition.kernel) == ("SIEMENS", "B70s")
    assert source.acquisition.contrast == "no"
    assert (scan.sex, scan.age) == ("F", 53)


def test_an_empty_rescale_is_not_made_up(published):
    root = published("covid_ctset")
    path = root / "Patients_metadata.csv"
    frame = pd.read_csv(path, dtype=str)
    frame.loc[0, "SR_2 RescaleSlope"] = ""
    frame.to_csv(path, index=False)
    assert scans(CovidCtset().scans(root, POLICY))[0].source.intercept is None


@pytest.mark.parametrize("column", ["BitsStored", "RescaleSlope", "SliceThickness", "PixelSpacing"])
def test_a_cell_that_is_no_number_costs_one_scan(published, column):
    root = published("covid_ctset")
    path = root / "Patients_metadata.csv"
    frame = pd.read_csv(path, dtype=str)
    frame.loc[0, f"SR_2 {column}"] = "Mr Smith"
    frame.to_csv(path, index=False)
    found = list(CovidCtset().scans(root, POLICY))
    assert len(scans(found)) == 5
    assert reasons(found) == {"137covid_patient1_SR_2": "bad_number"}


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("SliceThickness", "0", (False, True, True)),
        ("SliceThickness", "-5", (False, True, True)),
        ("PixelSpacing", "[0, 0]", (True, False, False)),
    ],
)
def test_a_length_that_is_none_is_unknown(published, column, cell, expected):
    """The manifest would refuse it, and with it the whole site."""
    root = published("covid_ctset")
    path = root / "Patients_metadata.csv"
    frame = pd.read_csv(path, dtype=str)
    frame.loc[0, f"SR_2 {column}"] = cell
    frame.to_csv(path, index=False)
    spacing = scans(CovidCtset().scans(root, POLICY))[0].source.spacing_mm
    assert tuple(length > 0 for length in spacing) == expected


def test_table_and_disk_must_agree(published):
    root = published("covid_ctset")
    shutil.rmtree(root / "normal2" / "patient2" / "SR_4")
    (root / "normal2" / "patient2" / "SR_3").rename(root / "normal2" / "patient2" / "SR_3x")
    (root / "covid1" / "patient9" / "SR_2").mkdir(parents=True)
    for name in ("covid1/patient9/SR_2/IM1.tif", "loose.tif"):
        (root / name).touch()
    details = root / "Patient_details.csv"
    details.write_text(details.read_text().replace("053Y,Positive", "053Y,Negative"))
    assert reasons(CovidCtset().scans(root, POLICY)) == {
        "137covid_patient1_SR_2": "label_conflict",
        "137covid_patient1_SR_3": "label_conflict",
        "137covid_patient1_SR_4": "label_conflict",
        "covid1/patient9/SR_2": "not_listed",
        "loose.tif": "unexpected_file",
        "patient2/SR_3": "missing",
        "patient2/SR_4": "missing",
    }


def test_both_tables_are_needed(published):
    root = published("covid_ctset")
    (root / "Patients_metadata.csv").unlink()
    with pytest.raises(LayoutError, match=r"Patients_metadata.csv: no such table"):
        list(CovidCtset().scans(root, POLICY))


@pytest.mark.real
def test_the_published_tables(real):
    """377 patients, 95 of them positive (A-22); 1,119 of their 1,131 series are described."""
    root = real("covid-ctset")
    people = _by_patient(root / "Patient_details.csv", "SEX", "AGE", "COVID-19 Infection")
    headers = _by_patient(root / "Patients_metadata.csv", "SR_2 RescaleSlope")
    positive = [row for row in people.values() if row["COVID-19 Infection"] == "Positive"]
    assert (len(people), len(positive), set(people) ^ set(headers)) == (377, 95, set())
    assert len(_listed_series(headers)) == 1119
    assert all(10 <= age(row["AGE"]) <= 82 for row in people.values())


@pytest.mark.real
def test_the_published_tables_describe_every_listed_series(real, tmp_path):
    root = real("covid-ctset")
    for name in ("Patient_details.csv", "Patients_metadata.csv"):
        (tmp_path / name).symlink_to(root / name)
    at = tmp_path / "covid1" / "patient1" / "SR_2"
    at.mkdir(parents=True)
    (at / "IM00001.tif").touch()
    found = list(CovidCtset().scans(tmp_path, POLICY))
    source = scans(found)[0].source
    assert (source.slope, source.intercept, source.bits_stored) == (1, -1024, 12)
    assert source.spacing_mm == (4, 0.814453125, 0.814453125)
    assert source.acquisition.kernel == "B70s"
    assert len(reasons(found)) == 1118
