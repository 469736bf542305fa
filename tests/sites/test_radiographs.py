import gzip
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.sites import radiographs
from elsewhere.sites.layout import LayoutError, LeftOut, Scan


def found(path, text):
    path.write_text(text)
    return path


def test_a_table_keeps_the_columns_that_are_asked_for(tmp_path):
    path = found(tmp_path / "t.csv", "\ufeffa , b,c[x,y],\n 1,N/A,2,3,\n")
    frame = radiographs.table(path, required=("a",), optional=("b", "d"))
    assert frame.to_dict("records") == [{"a": "1", "b": "N/A"}]


def test_a_packed_table_is_a_table(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a\n1\n"))
    assert radiographs.table(path, required=("a",))["a"].tolist() == ["1"]


# without a time in its header: two workers that collect in different seconds see the same tests
CUT = gzip.compress(b"a\n" * 9999, mtime=0)[:30]


@pytest.mark.parametrize("damage", [b"", b"no gzip", CUT], ids=["empty", "no gzip", "cut"])
def test_a_damaged_table_is_refused_by_name_and_not_quoted(tmp_path, damage):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(damage)
    with pytest.raises(LayoutError, match=r"t\.csv\.gz: cannot be read as a table") as error:
        radiographs.table(path, required=("a",))
    assert "no gzip" not in str(error.value)


def test_a_missing_column_is_named_and_the_header_is_not_quoted(tmp_path):
    path = found(tmp_path / "t.csv", "SMITH,41\n")
    with pytest.raises(LayoutError, match="none of its columns is Path") as error:
        radiographs.table(path, required=("Path",))
    assert "SMITH" not in str(error.value)
    with pytest.raises(LayoutError, match="no such table"):
        radiographs.table(tmp_path / "u.csv", required=("Path",))


def test_the_first_file_that_is_there_counts(tmp_path):
    assert radiographs.first_file(tmp_path, "a", "b") == tmp_path / "a"
    (tmp_path / "b").touch()
    assert radiographs.first_file(tmp_path, "a", "b") == tmp_path / "b"


def test_equal_rows_are_one_and_others_are_a_conflict():
    frame = pd.DataFrame({"k": list("abbcc"), "v": list("11132")})
    kept = radiographs.once(frame, "k")
    assert sorted(kept[["k", "v", "conflict"]].itertuples(index=False, name=None)) == [
        ("a", "1", False),
        ("b", "1", False),
        ("c", "2", True),
    ]


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("1.0", "positive"),
        ("1", "positive"),
        ("0.0", "negative"),
        ("-1", "uncertain"),
        ("-1.0", "uncertain"),
        ("", "blank"),
    ],
)
def test_states_are_read_with_and_without_a_point(cell, state):
    """B-18, B-23."""
    frame = pd.DataFrame({"Edema": [cell], "Fracture": [""]})
    (known,) = radiographs.finding_states(frame, {"Edema": "edema", "Fracture": "fracture"})
    assert known == {"edema": state, "fracture": "blank"}


@pytest.mark.parametrize("cell", ["2", "yes", "1,0", "NaN"])
def test_a_cell_of_another_kind_gives_no_findings(cell):
    frame = pd.DataFrame({"Edema": [cell, "1"], "Fracture": ["1", "1"]})
    known = radiographs.finding_states(frame, {"Edema": "edema", "Fracture": "fracture"})
    assert known.isna().tolist() == [True, False]


def test_the_first_problem_counts():
    yes, no = pd.Series([True, True, False]), pd.Series([True, False, False])
    codes = radiographs.problems(yes.to_frame(), no_patient=no, bad_number=yes)
    assert codes.tolist() == ["no_patient", "bad_number", ""]


def test_images_are_those_of_the_suffix_that_are_files_and_not_hidden(tmp_path):
    for name in ("a/b.jpg", "a/C.JPG", "a/.d.jpg", ".e/f.jpg", "g.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    (tmp_path / "h.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "i.jpg").mkdir()
    (tmp_path / "again").symlink_to(tmp_path)
    assert radiographs.images(tmp_path, ".jpg") == {
        name: tmp_path / name for name in ("a/b.jpg", "a/C.JPG")
    }


def test_a_folder_may_be_the_one_that_one_stands_in(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").touch()
    monkeypatch.chdir(tmp_path)
    assert radiographs.images(Path(), ".jpg") == {"a.jpg": Path("a.jpg")}


def records(*names, **columns):
    known = {"patient": "p", "findings": {"edema": "blank"}} | columns
    rows = [radiographs.Record(name=name, place=f"{name}.png", **known) for name in names]
    return pd.DataFrame(rows)


def test_every_image_is_a_scan_or_has_a_reason(tmp_path):
    listed = pd.concat(
        [records("b", "a", date="20200102"), records("c", problem="no_patient"), records("d")]
    )
    files = {f"{name}.png": tmp_path / f"{name}.png" for name in "abcx"}
    result = list(radiographs.scans(listed, root=tmp_path, files=files, listing="t.csv"))
    assert [one.name for one in result if isinstance(one, Scan)] == ["a", "b"]
    assert [(one.path, one.reason) for one in result if isinstance(one, LeftOut)] == [
        ("c.png", "no_patient"),
        ("d.png", "missing"),
        ("x.png", "not_listed"),
    ]
    first = result[0]
    assert (first.label, first.category, first.date) == (None, "radiograph", "20200102")
    assert first.source.files == (tmp_path / "a.png",)


def test_images_of_other_parts_are_one_row_and_need_not_be_there(tmp_path):
    listed = records("f/a", "f/b", "f/c", problem="other_part")
    files = {f"f/{name}.png": tmp_path / f"f/{name}.png" for name in "ab"}
    (row,) = radiographs.scans(listed, root=tmp_path, files=files, listing="t.csv")
    assert (row.path, row.reason, len(row.files)) == ("f", "other_part", 2)
    assert row.verdict == "set aside"
