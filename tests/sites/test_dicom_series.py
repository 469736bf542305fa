import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest

from elsewhere.design import params
from elsewhere.imaging import formats
from elsewhere.sites.dicom_series import DicomSeries as Layout
from elsewhere.sites.intake import Intake
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import LayoutError, LeftOut, Scan

POLICY = params.load(Path(__file__).parents[1] / "params").intakes["strict"]


def scans(found):
    return [one for one in found if isinstance(one, Scan)]


def reasons(found):
    return {one.path: one.reason for one in found if isinstance(one, LeftOut)}


def relabel(root, change):
    frame = pd.read_csv(root / "label.csv", dtype=str)
    change(frame).to_csv(root / "label.csv", index=False)


def test_studies_are_found_and_labelled(published, thorax):
    found = list(Layout().scans(published("dicom_series"), POLICY))
    assert reasons(found) == {}
    assert [(scan.patient, scan.label, scan.age) for scan in scans(found)] == [
        ("P0", 0, 40),
        ("P0", 0, 41),
        ("P1", 1, 42),
        ("P1", 1, 43),
    ]
    volume = formats.read(scans(found)[2].source, POLICY)
    np.testing.assert_array_equal(volume.voxels, thorax(seed=2))


def test_series_of_one_folder_are_told_apart(published):
    root = published("dicom_series")
    for number in range(4):
        for path in (root / "deep" / f"folder{number}").iterdir():
            path.rename(root / f"{number}-{path.name}")
    assert len(scans(Layout().scans(root, POLICY))) == 4


def change_tags(folder, **tags):
    for path in folder.iterdir():
        data = pydicom.dcmread(path)
        data.update(tags)
        data.save_as(path)


@pytest.mark.parametrize(("column", "value"), [("accession", "A0"), ("patient", "P0")], ids=str)
def test_other_keys_find_the_row(published, column, value):
    root = published("dicom_series")
    for number in range(2):
        change_tags(root / "deep" / f"folder{number}", AccessionNumber="A0")
    pd.DataFrame([(value, 1)], columns=[column, "label"]).to_csv(root / "label.csv", index=False)
    found = scans(Layout().scans(root, POLICY))
    assert {scan.label for scan in found} == {1}
    assert len(found) == 2
    assert {(scan.sex, scan.age) for scan in found} == {("F", 53)}


def test_a_key_that_names_two_patients_labels_neither(published):
    root = published("dicom_series")  # all files have one accession number
    table = pd.DataFrame([("ACC-SECRET", 1)], columns=["accession", "label"])
    table.to_csv(root / "label.csv", index=False)
    found = list(Layout().scans(root, POLICY))
    assert not scans(found)
    assert set(reasons(found).values()) == {"several_patients"}
    # a column that says whose row it is decides, as in a work list
    table.assign(patient="P1").to_csv(root / "label.csv", index=False)
    found = list(Layout().scans(root, POLICY))
    assert {(scan.patient, scan.label) for scan in scans(found)} == {("P1", 1)}
    assert reasons(found) == {f"deep/folder{n}": "several_patients" for n in range(2)}


def test_a_row_that_names_another_patient_than_its_files_labels_nothing(published):
    root = published("dicom_series")
    relabel(root, lambda frame: frame.assign(patient=["P0", "P0", "P1", "P0"]))
    found = list(Layout().scans(root, POLICY))
    assert reasons(found) == {"deep/folder3": "several_patients"}
    assert [scan.patient for scan in scans(found)] == ["P0", "P0", "P1"]


def test_names_of_the_tables_own_join_patients_that_an_anonymiser_told_apart(published):
    root = published("dicom_series")
    relabel(root, lambda frame: frame.assign(patient=["Ann", "ANN", "Bob", "Bea"]))
    found = list(Layout(patients="own").scans(root, POLICY))
    assert reasons(found) == {}
    # the two spellings are of files of one Patient ID
    assert [scan.patient for scan in scans(found)] == ["ANN", "ANN", "Bob", "Bea"]


@pytest.mark.parametrize("padding", [" ", "\0", "\t", "\r\n", " \0"], ids=ascii)
def test_padding_and_case_make_no_other_patient(published, padding):
    root = published("dicom_series")
    change_tags(root / "deep" / "folder1", PatientID=f"P0{padding}")
    relabel(root, lambda frame: frame.assign(patient=["p0", "P0", "P1", f" P1{padding}"]))
    found = list(Layout().scans(root, POLICY))
    assert reasons(found) == {}
    assert [scan.patient for scan in scans(found)] == ["P0", "P0", "P1", "P1"]


@pytest.mark.parametrize("study", ["1.2.9", ""])
def test_one_series_a_study_leaves_no_patient_out(published, study):
    root = published("dicom_series")
    for number in range(4):
        change_tags(
            root / "deep" / f"folder{number}", StudyInstanceUID=study, PatientID=f"Q{number}"
        )
    table = pd.DataFrame([(f"Q{n}", n % 2) for n in range(4)], columns=["patient", "label"])
    table.to_csv(root / "label.csv", index=False)
    found = list(Layout(series="most_slices").scans(root, POLICY))
    assert [(scan.patient, scan.instead) for scan in scans(found)] == [
        (f"Q{n}", ()) for n in range(4)
    ]


def test_what_cannot_be_joined_is_a_row(published):
    root = published("dicom_series")
    relabel(root, lambda frame: frame.assign(study=["1.2.826.0", "1.2.826.1", "1.2.826.2", "9"]))
    found = list(Layout().scans(root, POLICY))
    assert reasons(found) == {"deep/folder3": "no_label", "label.csv/9": "missing"}
    assert len(scans(found)) == 3


def take(root, layout, tmp_path):
    keys = Keys("a-site", False, b"key of a test")
    return Intake(keys, True, tmp_path / "volumes", POLICY).take(layout, root)


def ends(taken):
    return {one.path: (one.reason, len(one.files)) for one in taken.account.rows}


def test_one_series_a_study_on_request(published, write_dicom, thorax, series_of, tmp_path):
    """A-18: one scan a patient."""
    root = published("dicom_series")
    thin = series_of(uid="1.2.826.0.9", study="1.2.826.0", patient="P0")
    files = write_dicom(root / "thin", thorax(slices=20), thin)
    assert len(scans(Layout().scans(root, POLICY))) == 5
    chosen = Layout(series="most_slices")
    assert {scan.path for scan in scans(chosen.scans(root, POLICY))} >= {"thin"}
    taken = take(root, chosen, tmp_path / "sound")
    assert len(taken.rows) == 4
    assert ends(taken) == {"label.csv": ("table", 1), "deep/folder0": ("not_chosen", 5)}
    # the one with the most slices that can be used
    middle = sorted(files, key=lambda path: pydicom.dcmread(path).ImagePositionPatient[2])[9]
    middle.unlink()
    taken = take(root, chosen, tmp_path / "damaged")
    assert len(taken.rows) == 4
    assert ends(taken) == {"label.csv": ("table", 1), "thin": ("gap", 19)}


def test_a_bad_series_is_rejected_and_the_others_stay(published, tmp_path):
    root = published("dicom_series")
    by_height = sorted(
        (root / "deep" / "folder1").iterdir(),
        key=lambda path: pydicom.dcmread(path).ImagePositionPatient[2],
    )
    by_height[2].write_bytes(by_height[2].read_bytes()[:-60])
    taken = take(root, Layout(), tmp_path)
    assert len(taken.rows) == 3
    damaged = f"deep/folder1/{by_height[2].name}"
    assert ends(taken) == {
        "label.csv": ("table", 1),
        damaged: ("truncated", 1),
        "deep/folder1": ("gap", 4),
    }


def test_a_copied_folder_is_set_aside_and_changes_no_voxel(published, tmp_path):
    root = published("dicom_series")
    before = take(root, Layout(), tmp_path / "before")
    shutil.copytree(root / "deep" / "folder2", root / "again")
    after = take(root, Layout(), tmp_path / "after")
    kept = ["scan_id", "volume_sha256", "n_slices", "n_files"]
    assert [[row[name] for name in kept] for row in after.rows] == [
        [row[name] for name in kept] for row in before.rows
    ]
    assert sum(count for reason, count in ends(after).values() if reason == "identical_copy") == 5


def test_two_patients_in_one_series_are_refused(published):
    root = published("dicom_series")
    victim = sorted((root / "deep" / "folder1").iterdir())[0]
    data = pydicom.dcmread(victim)
    data.PatientID = "P7"
    data.save_as(victim)
    assert reasons(Layout().scans(root, POLICY)) == {"deep/folder1": "mixed_identity"}


def test_two_volumes_of_one_series_have_names_of_their_own(
    published, write_dicom, thorax, series_of
):
    root = published("dicom_series")
    for folder, number in (("deep/folder0", 1), ("second", 2)):
        shutil.rmtree(root / folder, ignore_errors=True)
        series = series_of(
            uid="1.2.826.0.1", study="1.2.826.0", patient="P0", tags={"AcquisitionNumber": number}
        )
        for index, path in enumerate(write_dicom(root / folder, thorax(seed=number), series)):
            data = pydicom.dcmread(path)
            data.SOPInstanceUID = f"1.2.826.0.1.{number}.{index}"
            data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
            data.save_as(path)
    found = scans(Layout().scans(root, POLICY))
    assert len(found) == 5
    names = {scan.name for scan in found}
    assert len(names) == 5
    assert len([name for name in names if name.startswith("1.2.826.0.1/")]) == 2


def test_only_declared_words_are_categories(published):
    root = published("dicom_series")
    relabel(root, lambda frame: frame.assign(category=["Mr Smith", "control", "", "control"]))
    plain = scans(Layout().scans(root, POLICY))
    assert [scan.category for scan in plain] == ["negative", "negative", "positive", "positive"]
    found = list(Layout(categories=("control",)).scans(root, POLICY))
    assert [scan.category for scan in scans(found)] == ["control", "positive", "control"]
    assert reasons(found) == {"deep/folder0": "unknown_category"}
    assert "Smith" not in repr([one.detail for one in found if isinstance(one, LeftOut)])


WORDS = {"healthy": 0, "COVID-19": 1, "other viral pneumonia": 2, "bacterial pneumonia": 3}


def test_words_of_the_table_are_labels_and_severity_is_added_to_the_category_c16(published):
    root = published("dicom_series")
    labels = ["COVID-19", "healthy", "covid-19", "bacterial pneumonia"]
    relabel(root, lambda frame: frame.assign(label=labels, severity=["II", "", "", "N/A"]))
    found = list(Layout(labels=WORDS, severities=("I", "II", "III")).scans(root, POLICY))
    assert reasons(found) == {}
    assert [(scan.label, scan.category) for scan in scans(found)] == [
        (1, "COVID-19, II"),
        (0, "healthy"),
        (1, "COVID-19"),
        (3, "bacterial pneumonia"),
    ]
    plain = scans(Layout(labels=WORDS).scans(root, POLICY))
    assert [scan.category for scan in plain][:1] == ["COVID-19"]


def test_another_severity_is_not_shown_and_its_scan_left_out(published):
    root = published("dicom_series")
    relabel(root, lambda frame: frame.assign(severity=["Mr Smith", "II", "", ""]))
    found = list(Layout(severities=("I", "II")).scans(root, POLICY))
    assert [scan.category for scan in scans(found)] == ["negative, II", "positive", "positive"]
    assert reasons(found) == {"deep/folder0": "unknown_category"}
    assert "Smith" not in repr([one.detail for one in found if isinstance(one, LeftOut)])


def test_a_word_that_is_no_label_stops_the_site_and_is_not_quoted(published):
    root = published("dicom_series")
    relabel(root, lambda frame: frame.assign(label=["COVID-19", "Smith", "healthy", "healthy"]))
    with pytest.raises(LayoutError, match=r"line 3: expected a label of options.labels") as error:
        list(Layout(labels=WORDS).scans(root, POLICY))
    assert "Smith" not in str(error.value)


def test_the_study_date_is_kept_for_the_intake(published, write_dicom, thorax, series_of):
    root = published("dicom_series")
    series = series_of(
        uid="1.2.826.0.1", study="1.2.826.0", patient="P0", tags={"StudyDate": "20200131"}
    )
    write_dicom(root / "deep" / "folder0", thorax(), series)
    found = scans(Layout().scans(root, POLICY))
    assert [scan.date for scan in found] == ["20200131", None, None, None]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("label\n1\n", "none of its columns is study, accession, patient"),
        ("study,label\n1.2,Smith\n", "line 2: expected label 0 or 1, and a study"),
        ("study,label\n,1\n", "line 2: expected label 0 or 1, and a study"),
        ("study,label\n1.2,1\n1.2,0\n", "line 3: this study has a row above with another label"),
        ("study,patient,label\n1,Smith,1\n1,Doe,1\n", "line 3: .* or another entry"),
        ("study,Smith\n1.2,1\n", "none of its 2 columns is label"),
        ("study,label\n1.2,1,Smith\n", "3 cells in a table of 2 columns"),
        ("study,label\n", "no row"),
    ],
)
def test_a_wrong_label_table_stops_the_site_and_is_not_quoted(published, content, message):
    root = published("dicom_series")
    (root / "label.csv").write_text(content)
    with pytest.raises(LayoutError, match=message) as error:
        list(Layout().scans(root, POLICY))
    assert "Smith" not in str(error.value)


def test_a_study_of_another_modality_is_missing_by_name(published, tmp_path):
    root = published("dicom_series")
    change_tags(root / "deep" / "folder0", Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4")
    taken = take(root, Layout(), tmp_path)
    assert len(taken.rows) == 3
    assert ends(taken) == {
        "label.csv": ("table", 1),
        "label.csv/1.2.826.0": ("missing", 0),
        "deep/folder0": ("not_ct", 5),
    }
