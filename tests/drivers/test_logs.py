"""logs: a log says how far its job is, and why one failed; jobs of all drivers have one."""

import logging
from pathlib import Path

import pytest

from elsewhere.design.stage import Stage
from elsewhere.drivers import logs
from elsewhere.drivers.logs import progress, reason

LINES = """10:00:01 elsewhere.methods.loop: iteration 100 of 600, 2.00 iterations/s, 250 s left
10:00:11 elsewhere.methods.loop: iteration 120 of 600, 2.00 iterations/s, 4 min left
10:00:12 elsewhere.steps.train: 3 s left over
10:00:13 elsewhere.steps.train: something else
"""
STAGE = Stage("split", {"study": "a", "site": "b"}, {}, {}, {}, {})


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a stage, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Path("logs/split/a/b.log")


def test_only_a_line_that_tells_the_time_left_is_progress() -> None:
    assert progress(LINES) == "iteration 120 of 600, 2.00 iterations/s, 4 min left"
    assert progress("10:00:13 elsewhere.steps.train: nothing left\n") is None
    assert progress("") is None


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([""], "its log is empty: it was killed, or could not start"),
        (["Traceback\nMemoryError\n"], "its log ends without an error message: MemoryError"),
        (["a\nelsewhere: A: b\n"], "A: b"),
        (["elsewhere: A: old\n10:00 more\nelsewhere: A: new"], "A: new"),
        (
            ["at elsewhere: no\n"],
            "its log ends without an error message: at",
        ),
    ],
)
def test_the_reason_is_the_steps_own_sentence(texts: list[str], found: str) -> None:
    assert reason(texts).startswith(found)


def test_a_very_long_message_is_cut() -> None:
    text = "elsewhere: ParamsError: there are:\n" + "\n".join(f"  {i}" for i in range(100))
    lines = reason([text]).splitlines()
    assert len(lines) < 20
    assert lines[0] == "ParamsError: there are:"
    assert lines[-1] == "..."


def test_what_a_log_says_last_is_without_its_clock() -> None:
    assert logs.last(LINES) == "something else"
    assert logs.last("Traceback\n") is None


def test_what_a_job_says_is_kept_from_its_start_on(log: Path) -> None:
    log.parent.mkdir(parents=True)
    log.write_text("of yesterday\n")
    with logs.kept(STAGE):
        logging.getLogger("elsewhere.steps.split").warning("3 of 4 patients, 2 s left")
        assert progress(logs.end(log)) == "3 of 4 patients, 2 s left"
    logging.getLogger("elsewhere.steps.split").warning("of another")
    assert len(log.read_text().splitlines()) == 1


def test_an_expected_error_is_kept_as_one_message(log: Path) -> None:
    with pytest.raises(ValueError, match="no label"), logs.kept(STAGE):
        raise ValueError("no label\nfor one scan")
    assert reason([logs.end(log)]) == "ValueError: no label\nfor one scan"
    assert "Traceback" not in log.read_text()


def test_an_error_that_nobody_expected_is_kept_whole(log: Path) -> None:
    with pytest.raises(ZeroDivisionError), logs.kept(STAGE):
        _ = 1 / 0
    assert "Traceback" in log.read_text()
    assert reason([logs.end(log)]).endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("elsewhere: OSError: disk full\n", True),
        ("Traceback (most recent call last):\n  File\nSyntaxError: invalid syntax\n", True),
        (LINES, False),
        ("", False),
    ],
)
def test_a_log_of_a_job_that_could_not_begin_says_so(text: str, failed: bool) -> None:
    assert logs.is_failed(text) is failed


def test_of_a_long_log_its_end_is_read(log: Path) -> None:
    assert logs.end(log) == ""
    log.parent.mkdir(parents=True)
    log.write_text("x" * 100_000 + "\nelsewhere: OSError: disk full\n")
    assert len(logs.end(log)) < 10_000
    assert logs.stated(logs.end(log)) == "OSError: disk full"
