from __future__ import annotations

import csv
from pathlib import Path

import pytest

from elsewhere.figures.rows import write


def test_rows_stand_under_their_columns_in_the_order_asked_for(tmp_path: Path) -> None:
    write([{"b": 2, "a": "x,y"}, {"a": None, "b": 0.5}], tmp_path / "t.csv", columns=("a", "b"))
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["a", "b"], ["x,y", "2"], ["", "0.5"]]


def test_a_row_that_fits_no_column_leaves_the_file_before_it(tmp_path: Path) -> None:
    write([{"a": 1}], tmp_path / "t.csv", columns=("a",))
    with pytest.raises(ValueError, match="not in fieldnames"):
        write([{"a": 2}, {"c": 3}], tmp_path / "t.csv", columns=("a",))
    assert (tmp_path / "t.csv").read_bytes() == b"a\n1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
