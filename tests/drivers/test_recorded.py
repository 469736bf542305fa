"""recorded: both records are read as they were written, and again only when they change."""

from pathlib import Path

import pytest

from elsewhere.design.fingerprint import Hashes
from elsewhere.design.stage import Stage
from elsewhere.drivers import receipts
from elsewhere.drivers.lock_text import updated
from elsewhere.drivers.recorded import Record, Records
from elsewhere.drivers.state import locked, read_lock

STAGE = Stage(
    "split", {"study": "s", "site": "a"}, {"manifest": "in.csv"}, {"split": "out.csv"}, {}, {}
)
OTHER = Stage("split", {"study": "s", "site": "b"}, {}, {"split": "b.csv"}, {}, {})


def entry(stage: Stage, content: str, size: int = 3) -> dict:
    """What DVC locks of a stage."""
    return {
        "cmd": stage.command,
        "deps": [
            {"path": "in.csv", "hash": "md5", "md5": "i", "size": 2},
            {"path": stage.code_list, "hash": "md5", "md5": "c", "size": 9},
        ],
        "params": {stage.settings_file: {"seed": 1, "rate": 1e-5}},
        "outs": [{"path": stage.outputs["split"], "hash": "md5", "md5": content, "size": size}],
    }


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lock(top: Path, **entries: dict) -> None:
    path = top / "dvc.lock"
    old = path.read_text() if path.exists() else ""
    path.write_text(updated(old, entries))


def test_what_dvc_locked_is_read_as_the_drivers_read_it(top: Path) -> None:
    lock(top, **{STAGE.name: entry(STAGE, "o"), OTHER.name: entry(OTHER, "p")})
    (record,) = Records(top).of(STAGE)
    whole = locked(read_lock()[STAGE.name])
    assert record.settings == whole.settings == {"seed": 1, "rate": 1e-5}
    assert {**record.read, STAGE.code_list: record.code} == whole.deps
    assert (record.command, record.written) == (whole.command, whole.outs)
    assert record.sizes == {"out.csv": 3}


def test_a_change_of_one_stage_is_seen_and_the_others_stay(top: Path) -> None:
    lock(top, **{STAGE.name: entry(STAGE, "o"), OTHER.name: entry(OTHER, "p")})
    records = Records(top)
    assert [one.written for one in records.of(STAGE)] == [{"out.csv": "o"}]
    lock(top, **{STAGE.name: entry(STAGE, "longer", 6)})
    assert [one.written for one in records.of(STAGE)] == [{"out.csv": "longer"}]
    assert [one.written for one in records.of(OTHER)] == [{"b.csv": "p"}]


def test_a_file_that_is_being_written_is_read_the_next_time(top: Path) -> None:
    lock(top, **{STAGE.name: entry(STAGE, "o")})
    records = Records(top)
    assert [*records.of(STAGE)]
    whole = (top / "dvc.lock").read_text()
    (top / "dvc.lock").write_text(whole[:-30] + "'")
    assert [one.written for one in records.of(STAGE)] == [{"out.csv": "o"}]
    (top / "dvc.lock").unlink()
    assert [*records.of(STAGE)] == []


def test_the_receipt_of_a_job_is_read_and_a_damaged_one_shows_nothing(top: Path) -> None:
    Path("in.csv").write_text("in")
    Path("out.csv").write_text("out")
    hashes = Hashes()
    assert receipts.write(STAGE, "d", receipts.noted(STAGE.files, hashes), hashes)
    records = Records(top)
    expected = Record(
        read={"in.csv": hashes.file("in.csv")},
        written={"out.csv": hashes.file("out.csv")},
        sizes={},
        digest="d",
    )
    assert [*records.of(STAGE)] == [expected]
    receipts.path(STAGE).write_text("{")
    assert [*records.of(STAGE)] == []


def test_nothing_is_recorded_in_an_empty_project(top: Path) -> None:
    assert [*Records(top).of(STAGE)] == []
