"""unfinished: what is found again after a kill, and what is never believed."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from elsewhere.design.job import Job
from elsewhere.unfinished import FOLDER, done, unfinished

RESULT = {"label": None, "age": math.inf, "signature": b"\0\xff", "bins": np.arange(3)}
AGAIN = {"label": None, "age": math.inf, "signature": b"\0\xff", "bins": [0, 1, 2]}


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def job(digest="a", **changes):
    return Job("ingest--here", {"site": "here", **changes}, {}, {}, digest=digest)


def keep(one, *keys):
    with unfinished(one) as kept:
        for key in keys:
            (kept.files / f"{key}.bin").write_bytes(key.encode())
            kept.keep(key, RESULT, file=f"{key}.bin")
    return kept.folder


def found(one, *keys):
    with unfinished(one) as kept:
        return [key for key in keys if kept.get(key) is not None]


def test_what_was_kept_is_found_by_the_same_job_and_key_alone():
    keep(job(), "x", "y")
    with unfinished(job()) as kept:
        assert kept.get("x") == AGAIN
        assert kept.get("z") is None
        assert kept.within("p").get("x") is None
        kept.within("p").keep("x", 0.1 + 0.2)
    with unfinished(job()) as kept:
        assert kept.within("p").get("x") == 0.1 + 0.2
        assert kept.get("px") is None


def test_results_of_other_settings_code_or_wildcards_are_removed():
    keep(job(), "x")
    for other in (job("b"), job(site="there")):
        assert found(other, "x") == []
        assert len([*(FOLDER / "ingest--here").iterdir()]) == 1
    assert found(job(), "x") == []


def test_a_job_that_does_not_say_its_settings_keeps_nothing():
    keep(job(""), "x")
    assert found(job(""), "x") == []
    assert not FOLDER.exists()


def test_done_removes_all_of_the_job_and_nothing_else():
    keep(job(), "x")
    other = Job("prepare--here", {}, {}, {}, digest="a")
    keep(other, "x")
    done(job())
    done(job())
    assert found(job(), "x") == []
    assert found(other, "x") == ["x"]


@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_result_whose_file_is_damaged_is_made_again(damage):
    file = keep(job(), "x", "y") / "files" / "x.bin"
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(b"z" if damage == "changed" else b"")
    assert found(job(), "x", "y") == ["y"]


def test_any_damage_of_the_journal_costs_only_the_lines_that_it_hits():
    folder = keep(job(), "x", "y", "z")
    journal = folder / "journal"
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    middle = len(lines[0]) + len(lines[1]) // 2
    for cut in range(len(whole)):
        journal.write_bytes(whole[:cut])
        # a line without its end was not finished; the end alone is no loss
        complete = sum(len(b"".join(lines[: n + 1])) - 1 <= cut for n in range(3))
        assert found(job(), "x", "y", "z") == ["x", "y", "z"][:complete], cut
    for byte in (b"\0", b"\n", b"}"):
        journal.write_bytes(whole[:middle] + byte + whole[middle + 1 :])
        assert found(job(), "x", "y", "z") == ["x", "z"]
    journal.write_bytes(whole[:middle])
    keep(job(), "y")
    assert found(job(), "x", "y") == ["x", "y"]


def test_only_the_owner_may_enter_and_temporary_files_are_swept():
    umask = os.umask(0)
    try:
        folder = keep(job(), "x")
    finally:
        os.umask(umask)
    for path in (FOLDER, *folder.parents[: len(folder.parents) - 2], folder, folder / "files"):
        assert path.stat().st_mode & 0o777 == 0o700 or path == Path(".elsewhere"), path
    (folder / "files" / ".part-1-x.bin").write_bytes(b"half")
    assert found(job(), "x") == ["x"]
    assert [path.name for path in (folder / "files").iterdir()] == ["x.bin"]


def test_files_are_handed_over_and_stay_until_the_job_is_done(tmp_path, monkeypatch):
    keep(job(), "x")
    for linked in (True, False):
        if not linked:
            monkeypatch.setattr(os, "link", refused)
        out = tmp_path / f"out-{linked}"
        out.mkdir()
        with unfinished(job()) as kept:
            kept.hand_over(["x.bin"], out)
        assert (out / "x.bin").read_bytes() == b"x"
        assert found(job(), "x") == ["x"]
    done(job())
    assert (tmp_path / "out-True" / "x.bin").read_bytes() == b"x"


def refused(*paths):
    raise OSError(18, "Invalid cross-device link")


def test_keys_are_not_written_in_clear():
    folder = keep(job(), "SMITH")
    (folder / "files" / "SMITH.bin").rename(folder / "files" / "x")
    text = (folder / "journal").read_text()
    assert "SMITH" not in text.replace('"file":"SMITH.bin"', "")
    assert json.loads(text.split(" ", 1)[1])["result"]["label"] is None


def test_how_many_were_done_is_said(caplog):
    caplog.set_level("INFO")
    keep(job(), "x", "y")
    with unfinished(job()) as kept:
        assert kept.count(["x", "y", "z"], unit="scans") == 2
    assert "2 of 3 scans were done before" in caplog.text
