"""listed: a job does not begin with a folder of scans that is not as its maker left it."""

import json
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from elsewhere.design import reading
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


def is_refused(says: str = "is not as prepare--a left it: `snakemake -j8` makes it again") -> bool:
    try:
        begin()
    except listed.NotAsMadeError as error:
        if f"train--x: {ARRAYS} {says}" not in str(error):
            raise
        return True
    return False


UNSHOWN = "is not what dvc.lock has of prepare--a: "


def test_what_a_job_made_here_is_taken_without_a_look_into_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listed, "read_lock", None)  # nobody asks
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
    with pytest.raises(listed.NotAsMadeError, match=INDEX):  # which is still that of two
        begin()
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
    with pytest.raises(listed.NotAsMadeError):
        begin()


def test_where_nothing_says_what_was_made_it_is_taken() -> None:
    receipts.forget(MAKER)
    edit()
    assert not is_refused()


def test_a_damaged_receipt_says_nothing() -> None:
    receipt = receipts.path(MAKER)
    receipt.write_text("{")
    assert not is_refused()
    receipt.unlink()
    receipt.mkdir()
    assert not is_refused()
    lock()
    edit()
    assert is_refused(UNSHOWN)


def test_the_advice_names_dvc_where_it_is_used() -> None:
    Path(".dvc").mkdir()
    edit()
    again = "`dvc repro prepare--a` or `snakemake -j8` makes it again from the data that are here"
    assert is_refused(f"is not as prepare--a left it: {again}")
    make("one")
    lock()
    edit()
    assert is_refused(
        "is not as prepare--a left it: `dvc checkout prepare--a` brings back what dvc.lock has; "
        f"where dvc.lock came by git, `dvc pull` brings that of all stages; {again}"
    )


def test_the_table_is_named_where_the_table_differs() -> None:
    Path(INDEX).write_text("of another run")
    with pytest.raises(listed.NotAsMadeError, match=f"train--x: {INDEX} is not as"):
        begin()
    edit()
    with pytest.raises(listed.NotAsMadeError, match=f"train--x: {INDEX} and {ARRAYS} is not as"):
        begin()


def test_a_link_to_nothing_is_a_change() -> None:
    Path(ARRAYS, "2").unlink()
    Path(ARRAYS, "2").symlink_to("nowhere")
    assert is_refused()
    lock()
    Path(ARRAYS, "2").unlink()
    make("one")
    assert not is_refused()


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
    with pytest.raises(listed.NotAsMadeError, match=INDEX):  # dvc.lock has the older version
        begin()
    lock()
    assert not is_refused()


def test_a_lock_that_is_being_written_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC writes it in place, so that for a while it is cut or lacks entries."""
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
    LOCK.write_text("schema: '2.0'\nstages:\n  another:\n    cmd: x\n")
    monkeypatch.setattr(listed, "_WRITING_S", 0.1)
    edit()
    assert not is_refused(), "it lacks the stage for good, so nothing says what was made"


def test_a_lock_without_its_last_newline_is_not_waited_for_if_it_is_old() -> None:
    lock()
    receipts.forget(MAKER)
    LOCK.write_text(LOCK.read_text().rstrip())
    os.utime(LOCK, (time.time() - 60,) * 2)
    began = time.monotonic()
    assert not is_refused()
    assert time.monotonic() - began < listed._WRITING_S / 3


def test_a_lock_that_cannot_be_read_is_named() -> None:
    receipts.forget(MAKER)
    LOCK.write_text("<<<<<<< HEAD\n")
    os.utime(LOCK, (time.time() - 60,) * 2)
    with pytest.raises(reading.ParamsError, match=r"`git checkout dvc\.lock`"):
        begin()


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
