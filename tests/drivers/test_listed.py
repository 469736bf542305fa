"""listed: a job does not begin with a folder of scans that is not as its maker left it."""

import json
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from elsewhere.design.fingerprint import Hashes
from elsewhere.design.stage import Stage
from elsewhere.drivers import listed, queued, receipts
from elsewhere.drivers.state import LOCK

INDEX, ARRAYS = "inputs/a/index.parquet", "inputs/a/arrays"
MAKER = Stage("prepare", {"site": "a"}, {}, {"index": INDEX, "arrays": ARRAYS}, {}, {})
READER = Stage(
    "train", {"arm": "x"}, {"index": {"a": INDEX}, "arrays": {"a": ARRAYS}}, {"model": "m"}, {}, {}
)
GRAPH = {stage.name: stage for stage in (MAKER, READER)}


@pytest.fixture(autouse=True)
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two scans, as their maker left them: its receipt says so."""
    monkeypatch.chdir(tmp_path)
    Path(".elsewhere").mkdir()
    make("one")


def make(content: str) -> None:
    Path(ARRAYS).mkdir(parents=True, exist_ok=True)
    for name in ("1", "2"):
        Path(ARRAYS, name).write_text(content + name)
    Path(INDEX).write_text(f"index of {content}")
    receipts.write(MAKER, "digest", {}, Hashes())


def lock() -> None:
    """Let dvc.lock say what is there now."""
    outs = [{"path": path, "md5": Hashes().any(path)} for path in (INDEX, ARRAYS)]
    stages = {MAKER.name: {"cmd": MAKER.command, "outs": outs}}
    LOCK.write_text(json.dumps({"schema": "2.0", "stages": stages}))


def edit() -> None:
    Path(ARRAYS, "2").write_text("another scan")


def begin() -> receipts.Noted:
    return listed.noted(READER, GRAPH, Hashes())


def is_refused() -> bool:
    try:
        begin()
    except listed.NotAsMadeError as error:
        return f"{ARRAYS} is not as prepare--a left it; `dvc repro prepare--a`" in str(error)
    return False


def test_what_a_job_made_here_is_taken_without_a_look_into_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listed, "locked", None)  # nobody asks dvc.lock
    assert begin() == receipts.noted(READER.files, Hashes())


@pytest.mark.parametrize("change", ["edited", "removed", "added"])
@pytest.mark.parametrize("known", ["receipt", "lock", "both"])
def test_a_folder_that_was_changed_is_refused(known: str, change: str) -> None:
    if known != "receipt":
        lock()
    if known == "lock":
        receipts.forget(MAKER)
    assert not is_refused()
    if change == "edited":
        edit()
    elif change == "removed":
        Path(ARRAYS, "1").unlink()
    else:
        Path(ARRAYS, "3").write_text("one more")
    assert is_refused()


def test_what_dvc_has_restored_is_taken_by_content() -> None:
    """A checkout gives files other times, and may bring an older version."""
    lock()
    shutil.copytree(ARRAYS, "cache")
    old = Path(INDEX).read_text()
    make("two")
    shutil.rmtree(ARRAYS)
    shutil.copytree("cache", ARRAYS, copy_function=shutil.copyfile)
    assert is_refused(), "the index is still that of two"
    Path(INDEX).write_text(old)
    assert not is_refused()
    edit()
    assert is_refused()


def test_an_index_and_a_folder_of_two_runs_are_refused() -> None:
    lock()
    old = Path(INDEX).read_text()
    make("two")
    assert not is_refused(), "the receipt is newer than dvc.lock"
    Path(INDEX).write_text(old)
    assert is_refused()


def test_where_nothing_says_what_was_made_it_is_taken() -> None:
    receipts.forget(MAKER)
    edit()
    assert not is_refused()


def test_a_damaged_receipt_says_nothing() -> None:
    receipts.path(MAKER).write_text("{")
    assert not is_refused()
    lock()
    edit()
    assert is_refused()


def test_on_a_cluster_a_receipt_that_is_seen_late_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listed, "_PAUSE_S", 0.01)
    receipt = receipts.path(MAKER)
    late = receipt.read_text()
    old = json.loads(late)
    old["written"][ARRAYS] = "of an earlier run"
    receipt.write_text(json.dumps(old))
    assert is_refused(), "not on a cluster: at once"
    queued.note()
    timer = threading.Timer(0.3, lambda: replaced(receipt, late))
    timer.start()
    began = time.monotonic()
    assert not is_refused()
    assert time.monotonic() - began > 0.1
    timer.join()
    edit()
    monkeypatch.setattr(listed, "_PATIENCE_S", 0.1)
    assert is_refused()


def replaced(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text)
    os.replace(part, path)
