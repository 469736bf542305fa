from pathlib import Path

import pandas as pd
import pytest

from elsewhere.design import params
from elsewhere.sites.cc_ccii import CcCcii
from elsewhere.sites.layout import LayoutError, LeftOut, Scan

POLICY = params.load(Path(__file__).parents[1] / "params").intakes["strict"]


def reasons(found):
    return {one.path: one.reason for one in found if isinstance(one, LeftOut)}


def test_folders_give_class_patient_and_scan(published):
    scans = list(CcCcii().scans(published("cc_ccii"), POLICY))
    assert [(scan.path, scan.patient, scan.label) for scan in scans] == [
        ("NCP/7/100", "7", 1),
        ("NCP/7/101", "7", 1),
        ("CP/8/102", "8", 0),
        ("Normal/9/103", "9", 0),
    ]
    assert [(scan.sex, scan.age) for scan in scans[1:3]] == [("M", 60), ("F", 51)]
    assert scans[3].sex == "unknown"


def test_the_table_tells_lost_slices_scans_and_labels(published):
    root = published("cc_ccii")
    (root / "NCP" / "7" / "100" / "0003.png").unlink()
    (root / "NCP" / "7" / "101").rename(root / "NCP" / "7" / "999")
    (root / "CP").rename(root / "moved")
    (root / "Normal" / "8").mkdir()
    (root / "moved" / "8" / "102").rename(root / "Normal" / "8" / "102")
    assert reasons(CcCcii().scans(root, POLICY)) == {
        "NCP/7/100": "slice_count",
        "NCP/7/101": "missing",
        "NCP/7/999": "not_listed",
        "Normal/8/102": "label_conflict",
    }


def test_gaps_are_kept_as_in_the_paper_or_refused(published):
    root = published("cc_ccii")
    (root / "NCP" / "7" / "100" / "0003.png").unlink()
    (root / "unzip_filenames.csv").unlink()
    assert reasons(CcCcii().scans(root, POLICY)) == {}
    assert reasons(CcCcii(gaps="reject").scans(root, POLICY)) == {"NCP/7/100": "gap"}


def test_doubled_and_empty_scans(published):
    root = published("cc_ccii")
    folder = root / "NCP" / "7" / "100"
    (folder / "0003.png").rename(folder / "4.png")
    for path in (root / "CP" / "8" / "102").iterdir():
        path.unlink()
    found = reasons(CcCcii().scans(root, POLICY))
    assert found == {"NCP/7/100": "duplicate_position", "CP/8/102": "no_image"}


def test_without_tables_scans_are_still_read(published, caplog):
    root = published("cc_ccii")
    for name in ("metadata.csv", "unzip_filenames.csv"):
        (root / name).unlink()
    scans = list(CcCcii().scans(root, POLICY))
    assert len(scans) == 4
    assert all(isinstance(scan, Scan) and scan.sex == "unknown" for scan in scans)
    assert "metadata.csv is missing" in caplog.text


@pytest.mark.parametrize("name", ["Sex", "Sex(Male/Female)", "Sex(Male1/Female2)"])
def test_the_header_of_the_sex_column_varies(published, name):
    root = published("cc_ccii")
    pd.DataFrame([("7", 60, "Male")], columns=["patient_id", "Age", name]).to_csv(
        root / "metadata.csv", index=False
    )
    assert next(iter(CcCcii().scans(root, POLICY))).sex == "M"


def test_no_class_folder(tmp_path):
    with pytest.raises(LayoutError, match="NCP, CP, Normal"):
        list(CcCcii().scans(tmp_path, POLICY))
