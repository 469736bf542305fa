import numpy as np
import pandas as pd
import pydicom
import pytest

from elsewhere.imaging import formats
from elsewhere.sites.dicom_series import DicomSeries as Layout
from elsewhere.sites.layout import LayoutError, Rejected, Scan


def scans(found):
    return [one for one in found if isinstance(one, Scan)]


def reasons(found):
    return {one.path: one.reason for one in found if isinstance(one, Rejected)}


def relabel(root, change):
    frame = pd.read_csv(root / "label.csv", dtype=str)
    change(frame).to_csv(root / "label.csv", index=False)


def test_studies_are_found_and_labelled(published, thorax):
    found = list(Layout().scans(published("dicom_series")))
    assert reasons(found) == {}
    assert [(scan.patient, scan.label, scan.age) for scan in scans(found)] == [
        ("P0", 0, 40),
        ("P0", 0, 41),
        ("P1", 1, 42),
        ("P1", 1, 43),
    ]
    volume = formats.read(scans(found)[2].source)
    np.testing.assert_array_equal(volume.voxels, thorax(seed=2))


def test_series_of_one_folder_are_told_apart(published):
    root = published("dicom_series")
    for number in range(4):
        for path in (root / "deep" / f"folder{number}").iterdir():
            path.rename(root / f"{number}-{path.name}")
    assert len(scans(Layout().scans(root))) == 4


@pytest.mark.parametrize(
    ("column", "value"), [("accession", "ACC-SECRET"), ("patient", "P0")], ids=str
)
def test_other_keys_find_the_row(published, column, value):
    root = published("dicom_series")
    pd.DataFrame([(value, 1)], columns=[column, "label"]).to_csv(root / "label.csv", index=False)
    found = scans(Layout().scans(root))
    assert {scan.label for scan in found} == {1}
    assert len(found) == (4 if column == "accession" else 2)
    assert {(scan.sex, scan.age) for scan in found} == {("F", 53)}


def test_what_cannot_be_joined_is_a_row(published):
    root = published("dicom_series")
    relabel(root, lambda frame: frame.assign(study=["1.2.826.0", "1.2.826.1", "1.2.826.2", "9"]))
    found = list(Layout().scans(root))
    assert reasons(found) == {"deep/folder3": "no_label", "label.csv/9": "missing"}
    assert len(scans(found)) == 3


def test_one_series_a_study_on_request(published, write_dicom, thorax, series_of):
    """A-18: one scan a patient."""
    root = published("dicom_series")
    thin = series_of(uid="1.2.826.0.9", study="1.2.826.0", patient="P0")
    write_dicom(root / "thin", thorax(slices=20), thin)
    assert len(scans(Layout().scans(root))) == 5
    found = list(Layout(series="most_slices").scans(root))
    assert reasons(found) == {"deep/folder0": "not_chosen"}
    assert {scan.path for scan in scans(found)} >= {"thin"}


def test_a_bad_series_is_rejected_and_the_others_stay(published):
    root = published("dicom_series")
    by_height = sorted(
        (root / "deep" / "folder1").iterdir(),
        key=lambda path: pydicom.dcmread(path).ImagePositionPatient[2],
    )
    by_height[2].write_bytes(by_height[2].read_bytes()[:140])
    found = list(Layout().scans(root))
    assert len(scans(found)) == 3
    damaged = f"deep/folder1/{by_height[2].name}"
    assert reasons(found) == {damaged: "unreadable", "deep/folder1": "gap"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("label\n1\n", "needs one of the columns"),
        ("study,label\n1.2,2\n", "line 2: label '2', expected 0 or 1"),
        ("study,label\n1.2,1\n1.2,0\n", "line 3: this study has another label above"),
        ("study,patient\n1.2,1\n", r"no column \['label'\]"),
        ("study,label\n", "no row"),
    ],
)
def test_a_wrong_label_table_stops_the_site(published, content, message):
    root = published("dicom_series")
    (root / "label.csv").write_text(content)
    with pytest.raises(LayoutError, match=message):
        list(Layout().scans(root))
