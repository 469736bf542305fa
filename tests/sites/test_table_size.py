import gzip
import zipfile

import pytest

from elsewhere.sites import label_table, published_table, radiographs, table_size
from elsewhere.sites.layout import LayoutError

MB = 10**6


@pytest.fixture
def bombs(tmp_path):
    """Tables of 300 MB that take little room on disk: a hole, gzip and zip."""
    hole = tmp_path / "label.csv"
    with hole.open("wb") as file:
        file.write(b"path,label\n")
        file.truncate(300 * MB)
    packed = tmp_path / "a.csv.gz"
    with gzip.open(packed, "wb") as file:
        for _ in range(300):
            file.write(bytes(MB))
    book = tmp_path / "a.xlsx"
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(300 * MB))
    return hole, packed, book


def test_every_reader_of_tables_refuses_them_by_name(bombs):
    hole, packed, book = bombs
    for read, path in (
        (label_table.read, hole),
        (lambda path: published_table.table(path, required=("path",)), hole),
        (lambda path: published_table.table(path, required=("path",)), book),
        (lambda path: radiographs.table(path, required=("path",)), hole),
        (lambda path: radiographs.table(path, required=("path",)), packed),
    ):
        with pytest.raises(LayoutError, match="MB of text") as caught:
            read(path)
        assert str(path) in str(caught.value)


def test_a_table_at_the_limit_is_read_and_a_damaged_one_is_left_to_its_reader(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(bytes(MB))
    table_size.check(path, most_mb=1)
    path.write_bytes(bytes(MB + 1))
    with pytest.raises(LayoutError, match="at most 1;"):
        table_size.check(path, most_mb=1)
    for name in ("b.csv.gz", "b.xlsx"):
        (tmp_path / name).write_bytes(b"no archive")
        table_size.check(tmp_path / name)
