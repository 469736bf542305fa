import pytest

from elsewhere.sites import label_table
from elsewhere.sites.layout import LayoutError

ROWS = [("path", "patient", "label"), ("a/1.png", "Müller", "1"), ("a/2.png", "Å", "0")]


def cells(table):
    return [dict(row.cells) for row in table.rows]


EXPECTED = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_spreadsheets_of_all_kinds_are_read_alike(tmp_path, separator, encoding, end):
    text = end.join(separator.join(row) for row in ROWS) + end
    (tmp_path / "label.csv").write_bytes(text.encode(encoding))
    assert cells(label_table.read(tmp_path / "label.csv")) == EXPECTED


def test_excel_may_name_the_separator_itself(tmp_path):
    (tmp_path / "label.csv").write_text("sep=;\npath;label\na,b.png;1\n")
    table = label_table.read(tmp_path / "label.csv")
    assert cells(table) == [{"path": "a,b.png", "label": "1"}]
    assert table.rows[0].line == 3


def test_names_of_columns_count_in_any_case_and_with_blanks(tmp_path):
    (tmp_path / "label.csv").write_text(" Path ,PATIENT,Pleural  Effusion\n a ,b,1\n")
    table = label_table.read(tmp_path / "label.csv")
    assert table.columns == ("path", "patient", "pleural_effusion")
    assert table.rows[0]["path"] == "a"
    assert table.rows[0]["no such column"] == ""


def test_lines_are_those_of_the_file(tmp_path):
    """A message names a line: an editor must find it there."""
    (tmp_path / "label.csv").write_text('\n\npath,label\n\n"a\nb",1\n\nc,0\n')
    table = label_table.read(tmp_path / "label.csv")
    assert [(row.line, row["path"]) for row in table.rows] == [(6, "a\nb"), (8, "c")]


def test_rows_may_be_shorter_and_end_in_empty_cells(tmp_path):
    (tmp_path / "label.csv").write_text("path,label,sex\na,1\nb,0,F,,\n")
    assert cells(label_table.read(tmp_path / "label.csv")) == [
        {"path": "a", "label": "1"},
        {"path": "b", "label": "0", "sex": "F"},
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read as a table"),
        ("path,label\nSECRET,1,2,3\n", "line 2: 4 cells in a table of 2 columns"),
        ("path,label,Label\nSECRET,1,0\n", "1 columns have a name that another has too"),
    ],
)
def test_what_is_no_table_is_refused_without_being_quoted(tmp_path, text, message):
    (tmp_path / "label.csv").write_text(text)
    with pytest.raises(LayoutError, match=message) as error:
        label_table.read(tmp_path / "label.csv")
    assert "SECRET" not in str(error.value)


def test_a_table_without_header_names_no_patient(tmp_path):
    (tmp_path / "label.csv").write_text("SECRET,1\nOTHER,0\n")
    table = label_table.read(tmp_path / "label.csv")
    with pytest.raises(LayoutError, match=r"none of its 2 columns is path or label") as error:
        table.require("path", "label")
    assert "SECRET" not in str(error.value)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(LayoutError, match=r"label\.csv: no such table"):
        label_table.read(tmp_path / "label.csv")
