"""files: a file is written whole or not at all, and no temporary file is left."""

import csv
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.files import (
    check_writable,
    csv_lines,
    escaped,
    is_file,
    of_one_file,
    remove,
    texts,
    unescaped,
    walk,
    whole,
    write_frame,
    write_rows,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "new/folder/file.csv"
    with whole(path) as part:
        part.write_text("half")
        assert not path.exists()
        assert part.parent == path.parent, "a rename across file systems is a copy"
        assert part.suffix == path.suffix
        part.write_text("whole")
    assert path.read_text() == "whole"
    assert names(path.parent) == ["file.csv"]


@pytest.mark.parametrize("old", ["nothing", "file", "folder"])
@pytest.mark.parametrize("new", ["file", "folder"])
def test_what_was_there_is_replaced(old: str, new: str, tmp_path: Path) -> None:
    path = tmp_path / "target"
    make(path, old, "old")
    with whole(path) as part:
        make(part, new, "new")
    assert names(tmp_path) == ["target"]
    if new == "folder":
        assert names(path) == ["new"]
    else:
        assert path.read_text() == "new"


def make(path: Path, kind: str, content: str) -> None:
    if kind == "folder":
        path.mkdir()
        (path / content).write_text("")
    elif kind == "file":
        path.write_text(content)


@pytest.mark.parametrize("kind", ["nothing", "file", "folder"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_what_was_there(
    kind: str, error: type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / "target"
    path.write_text("old")
    with pytest.raises(error):
        _fail(path, kind, error)
    assert names(tmp_path) == ["target"]
    assert path.read_text() == "old"


def _fail(path: Path, kind: str, error: type[BaseException]) -> None:
    with whole(path) as part:
        make(part, kind, "half")
        raise error


def test_a_writer_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "target"
    path.mkdir()
    with pytest.raises(FileNotFoundError), whole(path):
        pass
    assert names(tmp_path) == ["target"]


def test_what_a_killed_process_left_is_overwritten(tmp_path: Path) -> None:
    left = tmp_path / f".part-{os.getpid()}-target"
    left.mkdir()
    (left / "rest").write_text("")
    with whole(tmp_path / "target") as part:
        assert not part.exists()
        part.write_text("new")
    assert names(tmp_path) == ["target"]


def test_remove_takes_files_folders_links_and_nothing(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("")
    for name in ("file", "folder", "link", "broken", "nothing"):
        path = tmp_path / name
        if name == "file":
            path.write_text("")
        elif name == "folder":
            make(path, "folder", "x")
        elif name == "link":
            path.symlink_to(outside)
        elif name == "broken":
            path.symlink_to(tmp_path / "nowhere")
        remove(path)
        assert not os.path.lexists(path)
    assert names(outside) == ["kept"]


def test_a_walk_is_what_the_library_finds(tmp_path: Path) -> None:
    for name in ("b/2", "a/.hidden/1", "a/b/c/3", "z"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "nothing").mkdir()
    found = list(walk(tmp_path, set()))
    assert sorted(found) == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert found == list(walk(tmp_path, set()))


def test_rows_stand_under_their_columns_in_the_order_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_rows([{"b": 2, "a": "x,y"}, {"a": None, "b": 0.5}], path, columns=("a", "b"))
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["a", "b"], ["x,y", "2"], ["", "0.5"]]


def test_a_row_that_fits_no_column_leaves_the_file_before_it(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_rows([{"a": 1}], path, columns=("a",))
    with pytest.raises(ValueError, match="a row has 'c', columns are a"):
        write_rows([{"a": 2}, {"c": 3}], path, columns=("a",))
    assert path.read_bytes() == b"a\n1\n"
    assert names(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOMEM])
def test_a_folder_on_a_failing_disk_is_not_taken_for_a_closed_one(tmp_path, monkeypatch, code):
    (tmp_path / "closed").mkdir()
    real = os.scandir

    def broken(path):
        if str(path).endswith("closed"):
            raise OSError(code, os.strerror(code))
        return real(path)

    monkeypatch.setattr(os, "scandir", broken)
    with pytest.raises(OSError, match=os.strerror(code)):
        list(walk(tmp_path, set()))


@pytest.mark.parametrize("code", [errno.EACCES, errno.ENOENT, errno.ELOOP, None])
def test_what_names_one_file_only_is_no_failing_disk(code):
    assert of_one_file(OSError(code, "x") if code else OSError("a decoder says this"))


def test_a_file_on_a_failing_disk_is_not_taken_for_none(tmp_path, monkeypatch):
    path = tmp_path / "one"
    path.touch()
    assert is_file(path)
    assert not is_file(tmp_path)
    assert not is_file(tmp_path / "gone")

    def broken(*_, **__):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(os, "stat", broken)
    with pytest.raises(OSError, match=os.strerror(errno.ESTALE)):
        is_file(path)


HOSTILE = ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\n=1", "=cmd|' /C calc'!A0", "-2+3", "-"]
HARMLESS = ["", "a=b", "-5", "+3.5e-7", "'quoted'", "CT-1", "0012"]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_a_spreadsheet_runs_begins_with_an_apostrophe(text: str, tmp_path: Path) -> None:
    write_rows([{"a": text}], tmp_path / "rows.csv", columns=["a"])
    frame = pd.DataFrame({text: [1], "a": [text]})
    write_frame(frame, tmp_path / "frame.csv")
    (tmp_path / "lines.csv").write_text(csv_lines([["a"], [text]]), newline="")
    for name in ("rows.csv", "frame.csv", "lines.csv"):
        with (tmp_path / name).open(newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert "'" + text in cells
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


@pytest.mark.parametrize("value", [*HARMLESS, None, -5, -0.5, True])
def test_numbers_and_harmless_text_stay(value: object) -> None:
    assert escaped(value) is value


@given(st.text(st.sampled_from("=+-@'\t\n1aé. "), max_size=6))
def test_what_is_escaped_comes_back(text: str) -> None:
    assert unescaped(escaped(text)) == text


def test_no_cell_begins_a_row_of_its_own(tmp_path: Path) -> None:
    write_frame(pd.DataFrame({"a": ["x\r=1", "y\r\n+1"]}), tmp_path / "a.csv")
    assert b"\r" not in (tmp_path / "a.csv").read_bytes()
    assert [*pd.read_csv(tmp_path / "a.csv")["a"]] == ["x\n=1", "y\n+1"]


def test_a_frame_comes_back_with_its_ids(tmp_path: Path) -> None:
    frame = pd.DataFrame({"scan_id": ["=a", "007", "'-b", "+c"], "share": [-0.5, 1, 2.25, None]})
    write_frame(frame, tmp_path / "a.csv", mode=0o600)
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o600
    found = pd.read_csv(tmp_path / "a.csv", converters=texts("scan_id"))
    pd.testing.assert_frame_equal(found, frame, check_dtype=False)


def test_every_csv_is_written_here() -> None:
    """One place escapes; a phantom writes tables as publishers do."""
    root = Path(__file__).parents[1] / "src/elsewhere"
    for path in sorted(root.rglob("*.py")):
        if path.name == "files.py" or "phantom" in path.relative_to(root).parts:
            continue
        text = path.read_text(encoding="utf-8")
        for writer in (".to_csv(", "csv.writer(", "DictWriter("):
            assert writer not in text, f"{path}: write CSV by elsewhere.files"


SMALL_DISK = """
import sys
from pathlib import Path
from elsewhere.files import check_writable, whole
path = Path(sys.argv[1]) / "folder/model.bin"
try:
    {writes}
except OSError as error:
    print(error.errno, error)
    print(sorted(str(left) for left in path.parent.iterdir()) if path.parent.is_dir() else [])
"""
INTO = "with whole(path) as part: "
PYTHON = INTO + "part.write_bytes(bytes(4 * 10**6))"
BLOSC = (
    f"{INTO}import blosc2, numpy; "
    "blosc2.asarray(numpy.random.default_rng(0).random(10**6), urlpath=str(part), mode='w')"
)
TENSORS = (
    f"{INTO}import numpy; from safetensors.numpy import save_file; "
    "save_file({'a': numpy.zeros(10**6)}, part)"
)
TORCH = INTO + "import torch; torch.save(torch.zeros(10**6), part)"
PARQUET = (
    INTO + "import pandas, numpy; "
    "pandas.DataFrame({'a': numpy.random.default_rng(0).random(10**6)})"
    ".to_parquet(part)"
)
CHECK = "check_writable([path], bytes_needed=3 * 10**6)"


@pytest.mark.parametrize("writes", [PYTHON, BLOSC, TENSORS, TORCH, PARQUET, CHECK])
def test_a_full_disk_is_one_sentence_with_the_file_and_what_is_free(
    writes: str, tmp_path: Path, on_a_disk: Callable[[str, Path, str], list[str]]
) -> None:
    code = SMALL_DISK.replace("{writes}", writes)
    sentence, left = on_a_disk("size=2m", tmp_path, code)
    assert sentence.startswith(f"{errno.ENOSPC} ")
    assert f"{tmp_path}/folder/model.bin cannot be written" in sentence
    assert "MB are free" in sentence
    assert left == "[]", "what was half written is removed"


@pytest.mark.parametrize("writes", [PYTHON, INTO + "pass", CHECK])
def test_a_folder_that_is_read_only_is_named(
    writes: str, tmp_path: Path, on_a_disk: Callable[[str, Path, str], list[str]]
) -> None:
    code = SMALL_DISK.replace("{writes}", writes)
    sentence, left = on_a_disk("ro", tmp_path, code)
    assert sentence.startswith(f"{errno.EROFS} ")
    assert f"{tmp_path}/folder/model.bin cannot be written" in sentence
    assert left == "[]"


def test_a_check_changes_nothing_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/old").touch()
    check_writable([tmp_path / name for name in ("file", "folder", "new/deep")], bytes_needed=1)
    assert (tmp_path / "file").read_text() == "old"
    assert names(tmp_path) == ["file", "folder", "new"]
    assert names(tmp_path / "folder") == ["old"]
    assert not names(tmp_path / "new")
    with pytest.raises(OSError, match="MB are free"):
        check_writable([tmp_path / "file"], bytes_needed=10**18)
