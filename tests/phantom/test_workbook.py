import zipfile

import openpyxl

from elsewhere.phantom import workbook


def test_cells_come_back_and_no_time_is_kept(tmp_path):
    path = tmp_path / "table.xlsx"
    workbook.write(path, [("a", "b"), (1, None), ("x", 2.5)], sheet="one")
    book = openpyxl.load_workbook(path)
    assert list(book["one"].values) == [("a", "b"), (1, None), ("x", 2.5)]
    with zipfile.ZipFile(path) as archive:
        assert {item.date_time for item in archive.infolist()} == {workbook.LONG_AGO}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("1980-01-01T00:00:00Z") == 2
