import pandas as pd
import pytest

from elsewhere.cohorts import groups


def test_rows_are_read_as_they_were_written_whatever_their_order(tmp_path):
    rows = [("0" * 15 + "a", "1" * 16, True), ("0" * 15 + "1", "00000000000000e5", False)]
    frame = pd.DataFrame(rows, columns=[*groups.COLUMNS])
    groups.write(frame, tmp_path / "a.csv")
    groups.write(frame.iloc[::-1], tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    found = groups.read(tmp_path / "a.csv")
    assert [*found.itertuples(index=False, name=None)] == sorted(rows)


def test_nobody_is_a_file_too(tmp_path):
    groups.write(pd.DataFrame(columns=[*groups.COLUMNS]), tmp_path / "none.csv")
    found = groups.read(tmp_path / "none.csv")
    assert len(found) == 0
    assert found["across_sites"].dtype == bool


def test_another_table_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("patient_id,group\n")
    with pytest.raises(ValueError, match="expected"):
        groups.read(tmp_path / "x.csv")


def test_a_unit_is_a_group_or_a_patient_of_one_site():
    scans = pd.DataFrame({"site": ["a", "a", "b", "b"], "patient_id": ["1", "2", "1", "3"]})
    connected = pd.DataFrame({"site": ["a", "b"], "patient_id": ["2", "3"], "group": ["g", "g"]})
    assert groups.units(scans, connected).tolist() == ["a|1", "g", "b|1", "g"]


def test_one_key_at_two_sites_is_two_patients():
    scans = pd.DataFrame(
        {"site": [*"aab"], "patient_id": [*"ppp"], "patient_key": "published", "unit": [*"ggg"]}
    )
    assert groups.counted(scans) == {"patients": 2, "groups": 1, "scans": 3}
    assert groups.counted(scans.assign(patient_key="none"))["patients"] is None
    assert groups.counted(scans.iloc[:0]) == {"patients": 0, "groups": 0, "scans": 0}
