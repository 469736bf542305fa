"""worklist: reads what a hospital exports; rejects what could match another patient."""

import csv
from pathlib import Path

import pytest

from elsewhere.archives.archive import Query
from elsewhere.archives.worklist import Missing, WorklistError, beside, read, write_missing


def listed(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, separator: str, encoding: str) -> None:
    text = 'Accession ,LABEL,sex,Name\r\n"00123",1,F,DOE^JANE\r\n,,,\r\n A/7 ,0,,\r\n'
    rows = read(listed(tmp_path, text.replace(",", separator), encoding))
    assert [(row.line, row.query, row.fields) for row in rows] == [
        (2, Query("accession", "00123"), {"label": "1", "sex": "F"}),
        (4, Query("accession", "A/7"), {"label": "0"}),
    ]
    assert "DOE" not in repr(rows)
    assert "00123" not in repr(rows)


def test_each_row_has_its_own_key(tmp_path: Path) -> None:
    text = "study,accession,patient,label,date\n1.2.3,A,P,1,\n,A,P,0,20200301-\n,,P,1,\n"
    rows = read(listed(tmp_path, text))
    assert [row.query for row in rows] == [
        Query("study", "1.2.3"),
        Query("accession", "A", "20200301-"),
        Query("patient", "P"),
    ]
    assert [row.patient for row in rows] == ["P", "P", "P"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("accession,label\nCANARY*,1\n", "line 2.*match other patients"),
        ("accession,label\nCANARY\\A2,1\n", "line 2.*match other patients"),
        ("patient,label\nCANAR?,1\n", "line 2.*match other patients"),
        ("accession,label\n1.2E+10,1\n", "line 2.*export the column as text"),
        ("accession,label\nA,1\nCANARY,yes\n", "line 3.*0 or 1"),
        ("accession,label\nA,1\n,1\n", "line 3.*none of the columns"),
        ("study,label\nCANARY,1\n", "line 2.*no UID"),
        ("accession,label,date\nCANARY,1,1.3.2020\n", "line 2.*YYYYMMDD"),
        ("accession,label\nCANARY,1\nA,0\nCANARY,0\n", "line 4: line 2 has the same query"),
        ("accession,class\nCANARY,1\n", "needs the column label"),
        ("name,label\nCANARY,1\n", "needs the column label"),
        ("accession,accession,label\nCANARY,1\n", "same name"),
        ("accession,label\n", "no row"),
    ],
)
def test_what_cannot_be_used_names_the_line_and_nobody(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(WorklistError, match=says) as caught:
        read(listed(tmp_path, text))
    assert "CANAR" not in str(caught.value)


def test_other_encodings_and_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(WorklistError, match="CSV UTF-8"):
        read(listed(tmp_path, "accession,label\nM\u00fc,1\n", "latin-1"))
    with pytest.raises(WorklistError, match="no such work list"):
        read(tmp_path / "nowhere.csv")


def test_a_repeated_row_counts_once(tmp_path: Path) -> None:
    assert len(read(listed(tmp_path, "accession,label\nA,1\nA,1\n"))) == 1


def test_the_missing_rows_are_a_work_list_again(tmp_path: Path) -> None:
    text = "study,accession,patient,label,date,sub_site\n1.2,,P,1,,west\n,A,,0,20200101,\n,,Q,1,,\n"
    path = listed(tmp_path, text)
    rows = read(path)
    missing = [Missing(row, "not_found", "say, what") for row in reversed(rows)]
    write_missing(missing, beside(path))
    again = read(beside(path))
    assert [(row.query, row.patient, row.fields) for row in again] == [
        (row.query, row.patient, row.fields) for row in rows
    ]
    with beside(path).open(newline="") as file:
        assert [row["line"] for row in csv.DictReader(file)] == ["2", "3", "4"]
    assert beside(path).stat().st_mode & 0o077 == 0
    write_missing([], beside(path))
    assert not beside(path).exists()
