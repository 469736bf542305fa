from pathlib import Path

import openpyxl

from elsewhere.design import params
from elsewhere.sites.layout import LeftOut, Scan
from elsewhere.sites.mosmed import Mosmed

POLICY = params.load(Path(__file__).parents[1] / "params").intakes["strict"]


def write_registry(root, *rows):
    book = openpyxl.Workbook()
    for row in [("study_id", "category", "study_file", "mask_file"), *rows]:
        book.active.append(row)
    book.save(root / "dataset_registry.xlsx")


def test_severity_is_the_label(published):
    scans = list(Mosmed().scans(published("mosmed"), POLICY))
    assert [(scan.category, scan.label) for scan in scans] == [
        ("CT-0", 0),
        ("CT-1", 1),
        ("CT-2", 1),
    ]
    assert [scan.patient for scan in scans] == ["study_0001", "study_0002", "study_0003"]


def test_ct_0_is_left_out_with_a_reason(published):
    """A-08: all remaining scans are positive."""
    found = list(Mosmed(leave_out=("CT-0",)).scans(published("mosmed"), POLICY))
    rejected = [one for one in found if isinstance(one, LeftOut)]
    assert [(one.path, one.reason) for one in rejected] == [
        ("studies/CT-0/study_0001.nii.gz", "left_out")
    ]
    assert [one.label for one in found if isinstance(one, Scan)] == [1, 1]


def test_the_registry_is_compared_where_it_is_there(published):
    root = published("mosmed")
    write_registry(root, ("study_0001", "CT-0"), ("study_0002", "CT-3"), ("study_0009", "CT-1"))
    found = list(Mosmed().scans(root, POLICY))
    assert {(one.path, one.reason) for one in found if isinstance(one, LeftOut)} == {
        ("studies/CT-1/study_0002.nii.gz", "label_conflict"),
        ("studies/CT-2/study_0003.nii.gz", "not_listed"),
        ("studies/CT-1/study_0009.nii.gz", "missing"),
    }
