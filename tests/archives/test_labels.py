"""labels: label.csv grows study by study, and is rewritten only when it changes."""

from pathlib import Path

import pandas as pd
import pytest

from elsewhere.archives.labels import Labels, LabelsError


def written(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_rows_are_sorted_and_columns_are_those_that_are_used(tmp_path: Path) -> None:
    labels = Labels(tmp_path / "label.csv")
    labels.put("1.9", {"label": "1", "sex": "F"})
    labels.put("1.10", {"label": "0", "category": "none"})
    labels.write()
    table = written(tmp_path / "label.csv")
    assert list(table) == ["study", "label", "category", "sex"]
    assert table.to_numpy().tolist() == [["1.10", "0", "none", ""], ["1.9", "1", "", "F"]]


def test_the_order_of_arrival_leaves_no_trace(tmp_path: Path) -> None:
    for name, order in (("a", (1, 2, 3)), ("b", (3, 1, 2))):
        labels = Labels(tmp_path / name)
        for study in order:
            labels.put(f"1.{study}", {"label": "1"})
        labels.write()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_older_table_is_extended_and_keeps_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "label.csv"
    path.write_text("study,label,ward\n1.1,0,west\n1.2,1,east\n")
    labels = Labels(path)
    labels.put("1.2", {"label": "0"})
    labels.put("1.3", {"label": "1"})
    labels.drop(["1.1", "unknown"])
    labels.write()
    rows = written(path).to_dict("records")
    assert rows == [
        {"study": "1.2", "label": "0", "ward": "east"},
        {"study": "1.3", "label": "1", "ward": ""},
    ]


def test_what_does_not_change_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "label.csv"
    for _ in range(2):
        labels = Labels(path)
        labels.put("1.1", {"label": "0"})
        labels.write()
        first = path.stat() if path.exists() else None
    assert first is not None
    assert path.stat().st_ino == first.st_ino
    assert path.stat().st_mtime_ns == first.st_mtime_ns


def test_no_rows_make_no_file(tmp_path: Path) -> None:
    Labels(tmp_path / "label.csv").write()
    assert not (tmp_path / "label.csv").exists()


def test_a_table_of_another_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "label.csv"
    path.write_text("accession,label\nSECRET,1\n")
    with pytest.raises(LabelsError, match="move it away") as caught:
        Labels(path)
    assert "SECRET" not in str(caught.value)
