import openpyxl
import pytest

from elsewhere.sites.layout import LayoutError
from elsewhere.sites.published_table import table


def test_rows_longer_than_the_header_are_refused(tmp_path):
    """A parser that takes the first column for an index would shift the labels."""
    (tmp_path / "t.csv").write_text("patient,label\nSMITH,1,x\n")
    with pytest.raises(LayoutError, match="cannot be read as a table") as error:
        table(tmp_path / "t.csv", required=("label",))
    assert "SMITH" not in str(error.value)


def test_what_is_no_table_is_refused_without_being_quoted(tmp_path):
    for name in ("t.csv", "t.xlsx"):
        (tmp_path / name).write_bytes(b'SMITH\xff\x00\n"')
        with pytest.raises(LayoutError, match=r"cannot be read as a table|none of its") as error:
            table(tmp_path / name, required=("label",))
        assert "SMITH" not in str(error.value)


def test_tables_are_text_without_blanks(tmp_path):
    (tmp_path / "t.csv").write_text("\ufeffpatient , label\n 007 ,1\nNA,N/A\n", encoding="utf-8")
    expected = [{"patient": "007", "label": "1"}, {"patient": "NA", "label": ""}]
    assert table(tmp_path / "t.csv", required=("patient", "label")) == expected


def test_excel_tables_are_read_alike(tmp_path):
    book = openpyxl.Workbook()
    for row in [["patient", "label"], ["007 ", 1], ["x", None]]:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    expected = [{"patient": "007", "label": "1"}, {"patient": "x", "label": ""}]
    assert table(tmp_path / "t.xlsx", required=("label",)) == expected


def test_what_a_table_lacks_is_named(tmp_path):
    (tmp_path / "t.csv").write_text("patient\n1\n")
    with pytest.raises(LayoutError, match=r"none of its 1 columns is label"):
        table(tmp_path / "t.csv", required=("patient", "label"))
    with pytest.raises(LayoutError, match="no such table"):
        table(tmp_path / "other.csv", required=())
