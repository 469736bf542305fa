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
from elsewhere.drivers import listed, receipts
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
    LOCK.write_text(json.dumps({"schema": "2.0", "stages": stages}) + "\n")


def edit() -> None:
    Path(ARRAYS, "2").write_text("another scan")


def begin(**options: float) -> receipts.Noted:
    return listed.noted(READER, GRAPH, Hashes(), **options)


def is_refused(says: str = "is not as prepare--a left it; `snakemake -j8` puts it right") -> bool:
    try:
        begin()
    except listed.NotAsMadeError as error:
        if f"train--x: {ARRAYS} {says}" not in str(error):
            raise
        return True
    return False


UNSHOWN = (
    "is not what dvc.lock has of prepare--a, and no receipt shows what prepare--a made it from"
)


def test_what_a_job_made_here_is_taken_without_a_look_into_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listed, "_lock", None)  # nobody asks
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
    assert is_refused(*([UNSHOWN] if known == "lock" else []))


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
    assert is_refused(UNSHOWN)


def test_the_advice_names_dvc_where_it_is_used() -> None:
    Path(".dvc").mkdir()
    edit()
    assert is_refused("is not as prepare--a left it; `dvc repro prepare--a` or `snakemake -j8`")


def test_what_was_held_against_dvc_lock_once_is_not_hashed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also on another machine, which sees other inodes."""
    lock()
    receipts.forget(MAKER)
    begin()
    with monkeypatch.context() as patch:
        patch.setattr(listed, "Hashes", lambda _: pytest.fail("hashed again"))
        begin()
    edit()
    assert is_refused(UNSHOWN)
    make("two")
    receipts.forget(MAKER)
    assert is_refused(UNSHOWN), "dvc.lock has the older version"
    lock()
    assert not is_refused()


def test_a_lock_that_is_being_written_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC writes it in place, so that for seconds it is cut or lacks entries."""
    lock()
    receipts.forget(MAKER)
    whole = LOCK.read_text()
    for cut in (whole[:60], "schema: '2.0'\nstages:\n", ""):
        LOCK.write_text(cut)
        timer = threading.Timer(0.5, replaced, (LOCK, whole))
        timer.start()
        began = time.monotonic()
        assert not is_refused()
        assert time.monotonic() - began > 0.3
        timer.join()
    LOCK.write_text(whole[:60])
    monkeypatch.setattr(listed, "_WRITING_S", 0.1)
    assert is_refused("cannot be held against dvc.lock, which another process has not finished")


def test_a_receipt_that_is_seen_late_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    receipt = receipts.path(MAKER)
    late = receipt.read_text()
    old = json.loads(late)
    old["written"][ARRAYS] = "of an earlier run"
    receipt.write_text(json.dumps(old))
    assert is_refused(), "at once"
    timer = threading.Timer(0.3, replaced, (receipt, late))
    timer.start()
    began = time.monotonic()
    begin(patience_s=60)
    assert time.monotonic() - began > 0.1
    assert caplog.text.count("is not as prepare--a left it yet; waiting up to 60 s") == 1
    timer.join()
    edit()
    with pytest.raises(listed.NotAsMadeError):
        begin(patience_s=0.1)


def replaced(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text + ("" if text.endswith("\n") else "\n"))
    os.replace(part, path)
