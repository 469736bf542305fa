import numpy as np
import pandas as pd
import pydicom
import pytest
from pydicom.uid import UID


@pytest.fixture(scope="module")
def site(written):
    folder, count = written("dicom_series")
    studies = {}
    for path in sorted(folder.rglob("*.dcm")):
        item = pydicom.dcmread(path)
        studies.setdefault(item.StudyInstanceUID, []).append(item)
    return folder, count, studies


def test_the_table_names_every_study(site):
    folder, count, studies = site
    table = pd.read_csv(folder / "label.csv", dtype={"study": str})
    assert list(table.columns) == ["study", "patient", "label", "category", "sex", "age"]
    assert set(table.study) == set(studies)
    assert len(table) == count == len(studies)
    for study, patient in zip(table.study, table.patient, strict=True):
        assert {item.PatientID for item in studies[study]} == {patient}


def test_two_vendors_and_compressed_and_plain_syntaxes_decode(site):
    _, _, studies = site
    vendors, syntaxes = set(), set()
    for items in studies.values():
        vendors.add(items[0].Manufacturer)
        syntaxes.add(items[0].file_meta.TransferSyntaxUID)
        assert items[0].pixel_array.shape == (items[0].Rows, items[0].Columns)
    assert vendors == {"SIEMENS", "GE MEDICAL SYSTEMS"}
    compressed = {one for one in syntaxes if UID(one).is_compressed}
    assert len(compressed) == 2
    assert len(syntaxes - compressed) == 2


def test_rescaled_values_are_hu_with_lung_below_and_bone_above(site):
    _, _, studies = site
    for items in studies.values():
        hu = np.stack([one.pixel_array * one.RescaleSlope + one.RescaleIntercept for one in items])
        inside = hu[hu > -1500]
        assert inside.min() >= -1024
        assert 300 < hu.max() < 1500
        assert ((hu > -920) & (hu < -700)).mean() > 0.05
        padded = items[0].get("PixelPaddingValue") is not None
        assert (hu.min() == -2000) == padded


def test_positions_are_evenly_spaced_although_names_and_numbers_are_not_in_order(site):
    _, _, studies = site
    unusable = 0
    for items in studies.values():
        heights = np.array([float(one.ImagePositionPatient[2]) for one in items])
        assert np.allclose(np.diff(np.sort(heights)), 12.0, atol=0.002)
        assert not np.array_equal(heights, np.sort(heights)), "file names give the order away"
        numbers = np.array([int(one.InstanceNumber) for one in items])
        ordered = np.diff(numbers[np.argsort(heights)])
        unusable += not ((ordered == 1).all() or (ordered == -1).all())
    assert 0 < unusable < len(studies)


def test_identifiers_are_unique_and_everything_says_synthetic(site):
    _, _, studies = site
    items = [item for group in studies.values() for item in group]
    assert len({one.SOPInstanceUID for one in items}) == len(items)
    for one in items:
        assert "synthetic" in one.ImageComments
        assert "synthetic" in one.InstitutionName
        assert one.PatientIdentityRemoved == "YES"
        assert one.PatientBirthDate == ""
        assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID


def test_controls_are_of_2019_and_positives_of_2020(site):
    folder, _, studies = site
    table = pd.read_csv(folder / "label.csv", dtype={"study": str})
    years = {study: items[0].StudyDate[:4] for study, items in studies.items()}
    assert [years[study] for study in table.study] == [
        "2020" if label else "2019" for label in table.label
    ]


def test_the_table_has_the_words_and_severities_of_several_classes_c02_c16(written):
    glass = {"count": [6, 9], "radius_mm": [14, 24], "hu": [-600, -300]}
    categories = {
        "well": {"label": 0, "patients": 2, "word": "healthy"},
        "grade 2": {
            "label": 1, "patients": 3, "word": "COVID-19", "severity": "II", "ground_glass": glass,
        },
        "viral": {"label": 2, "patients": 1, "word": "other viral pneumonia"},
    }  # fmt: skip
    folder, count = written("dicom_series", categories=categories)
    table = pd.read_csv(folder / "label.csv", dtype=str, keep_default_na=False)
    assert list(table.columns) == ["study", "patient", "label", "severity", "sex", "age"]
    found = table.groupby(["label", "severity"]).size().to_dict()
    assert found == {("healthy", ""): 2, ("COVID-19", "II"): 3, ("other viral pneumonia", ""): 1}
    assert count == 6


def test_a_class_is_scanned_as_the_row_says(written):
    acquisitions = {
        name: {
            "reconstructions": [
                {"manufacturer": "SIEMENS", "kernel": kernel, "thickness_mm": 12.0,
                 "blur_mm": [1, 2], "noise_hu": [10, 20], "grain_mm": 2.0}
            ],
            "field_of_view_mm": [370, 400], "contrast": 0.0, "enhancement_hu": [0, 0],
            "inspiration": [0.4, 0.8], "masked": 0.0,
        }
        for name, kernel in (("acquisition_positive", "B70f"), ("acquisition_negative", "B30f"))
    }  # fmt: skip
    categories = {
        "viral": {"label": 2, "patients": 3, "scanned_as": "negative"},
        "covid": {"label": 1, "patients": 3},
    }
    folder, _ = written("dicom_series", categories=categories, confounding=1.0, **acquisitions)
    labels = pd.read_csv(folder / "label.csv", dtype=str).set_index("study")["label"]
    kernels = {}
    for path in folder.rglob("*.dcm"):
        item = pydicom.dcmread(path, stop_before_pixels=True)
        kernels.setdefault(labels[item.StudyInstanceUID], set()).add(item.ConvolutionKernel)
    assert kernels == {"2": {"B30f"}, "1": {"B70f"}}
