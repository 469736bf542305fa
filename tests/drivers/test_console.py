"""console: failed jobs show the reason, long jobs the time left, and nothing is invented."""

import logging
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.logging import logger

from elsewhere.design import params as tables
from elsewhere.drivers import console
from elsewhere.drivers.console import Console

LOG = Path("logs/train/nguyen2021/utsw/0-0.log")
LINES = """10:00:01 elsewhere.methods.loop: iteration 100 of 600, 2.00 iterations/s, 250 s left
10:00:11 elsewhere.methods.loop: iteration 120 of 600, 2.00 iterations/s, 4 min left
10:00:12 elsewhere.steps.train: 3 s left over
10:00:13 elsewhere.steps.train: something else
"""


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Console:
    """A console in an empty folder, with the frozen settings."""
    params = tables.load(Path(__file__).parents[1] / "params")
    monkeypatch.chdir(tmp_path)
    LOG.parent.mkdir(parents=True)
    return Console(params, every_s=0)


@pytest.fixture
def said() -> Any:
    """What Snakemake's logger passes on."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield messages
    logger.removeHandler(handler)
    logger.setLevel(level)


def record(event: str | None, msg: str = "", **fields: Any) -> logging.LogRecord:
    made = logging.LogRecord("snakemake.logging", logging.INFO, "", 0, msg, None, None)
    vars(made).update(event=event, **fields)
    return made


def start(listening: Console, job: int = 7, mem_mb: int = 400, log: Path = LOG) -> None:
    asked = {"mem_mb": mem_mb, "runtime": 61}
    assert listening.filter(record("job_info", jobid=job, log=[str(log)], resources=asked))


def fail(
    listening: Console,
    job: int = 7,
    logs: tuple[str, ...] = (str(LOG),),
    said: str | None = None,
) -> str:
    """Return the message that Snakemake will print."""
    failed = record("job_error", jobid=job, log=[*logs], rule_name="train", rule_msg=said)
    assert listening.filter(failed)
    return str(vars(failed)["rule_msg"])


def test_the_events_are_those_of_the_interface_of_logger_plugins() -> None:
    from snakemake_interface_logger_plugins.common import LogEvent

    known = {str(event) for event in LogEvent}
    assert {"job_info", "job_finished", "job_error", "group_error"} <= known


def test_a_failed_job_says_the_last_error_of_its_log(listening: Console, said: list[str]) -> None:
    start(listening)
    LOG.write_text(f"{LINES}elsewhere: ValueError: site utsw: two\n  things\n  are wrong\n")
    message = fail(listening)
    assert message == "ValueError: site utsw: two\n  things\n  are wrong"
    assert said == []
    listening.stop()
    assert said == [f"[elsewhere] 1 failed:\n  train nguyen2021 utsw 0-0: {message}"]


def test_a_retried_job_that_ends_well_has_not_failed(listening: Console, said: list[str]) -> None:
    for _ in range(2):
        start(listening)
        LOG.write_text("elsewhere: OSError: no space left\n")
        fail(listening)
    start(listening)
    listening.filter(record("job_finished", job_id=7))
    listening.stop()
    assert said == []


def test_what_the_cluster_says_follows_the_reason(listening: Console) -> None:
    """Its plugin has a message for each failure, and often does not know the reason."""
    start(listening)
    LOG.write_text("elsewhere: OSError: no space left\n")
    said = "SLURM-job '6' failed, SLURM status is: 'FAILED'."
    assert fail(listening, said=said) == f"OSError: no space left\n{said}"


def test_what_an_earlier_job_wrote_is_not_taken_for_this_one(
    listening: Console, said: list[str]
) -> None:
    """A job that waits in the queue of a cluster has not written yet."""
    LOG.write_text(f"elsewhere: ValueError: of yesterday\n{LINES}")
    start(listening)
    listening.show_progress()
    assert said == []
    assert "its log is empty" in fail(listening)


def test_the_log_of_a_cluster_is_read_where_the_step_wrote_nothing(listening: Console) -> None:
    log = Path("slurm.log")
    start(listening)
    log.write_text("slurmstepd: error: execve(): python: No such file or directory\n")
    assert fail(listening, logs=(str(LOG), "slurm.log")).endswith("No such file or directory")
    start(listening)
    log.write_text("WorkflowError:\nAt least one job did not complete successfully.\n")
    assert "its log is empty" in fail(listening, logs=(str(LOG), "slurm.log"))


KILLED = "slurmstepd: error: Detected 1 oom_kill event\n" + "    input: many, many\n" * 10_000
TO_ASK = "to ask for more, end the command with --set-resources 'train:mem_mb=attempt*800'"


def test_a_job_that_took_too_much_memory_says_what_to_ask_for(
    listening: Console, said: list[str]
) -> None:
    """Though its own log ends like one that goes on, and Slurm's word is followed by much."""
    start(listening)
    LOG.write_text(LINES)
    Path("slurm.log").write_text(KILLED)
    message = fail(listening, logs=(str(LOG), "slurm.log"), said="FAILED")
    assert message.endswith(f"(mem_mb=400); {TO_ASK}\nFAILED")
    listening.stop()
    [told] = said
    assert told.endswith(TO_ASK)


def test_a_step_that_lost_a_process_says_both(listening: Console) -> None:
    start(listening)
    LOG.write_text("elsewhere: RuntimeError: a reader died\n")
    Path("slurm.log").write_text(KILLED)
    message = fail(listening, logs=(str(LOG), "slurm.log"))
    assert message.endswith(f"{TO_ASK}\nRuntimeError: a reader died")


def test_jobs_of_a_group_learn_from_its_log(listening: Console) -> None:
    """Snakemake names it with the group alone, before it says of each job that it failed.

    The group asked for as much as the job that wanted most.
    """
    start(listening)
    start(listening, job=8, mem_mb=900, log=Path("logs/score/one.log"))
    Path("slurm.log").write_text(KILLED)
    jobs = [{"jobid": 7}, {"jobid": 8}]
    assert listening.filter(record("group_error", job_error_info=jobs, aux_logs=["slurm.log"]))
    assert fail(listening).endswith("(mem_mb=900); " + TO_ASK.replace("800", "1800"))


def test_progress_is_shown_once_each_time_it_moves(listening: Console, said: list[str]) -> None:
    start(listening)
    listening.show_progress()
    assert said == [], "there is no log yet"
    LOG.write_text(LINES)
    listening.show_progress()
    listening.show_progress()
    first = "iteration 120 of 600, 2.00 iterations/s, 4 min left"
    assert said == [f"[elsewhere] train nguyen2021 utsw 0-0: {first}"]
    LOG.write_text(LINES + "10:00:23 elsewhere.methods.loop: iteration 600 of 600, 0 s left\n")
    listening.show_progress()
    assert said[1:] == ["[elsewhere] train nguyen2021 utsw 0-0: iteration 600 of 600, 0 s left"]
    listening.filter(record("job_finished", job_id=7))
    LOG.write_text(LINES)
    listening.show_progress()
    assert len(said) == 2


def test_missing_raw_data_are_named_with_what_to_do(listening: Console) -> None:
    text = "Missing input files for rule ingest:\n        .elsewhere/raw/{}.md5"
    missing = record("error", text.format("mosmed"), exception="MissingInputException")
    assert listening.filter(missing)
    assert ".elsewhere" not in missing.msg
    assert "        data/raw/mosmed\n" in missing.msg
    assert "data/raw/mosmed: no such folder; put the data of" in missing.msg
    other = record("error", text.format("mosmed"), exception="WorkflowError")
    listening.filter(other)
    assert ".elsewhere/raw/mosmed.md5" in other.msg


@pytest.mark.parametrize(("main", "listens"), [(True, True), (False, False)])
def test_only_the_process_that_starts_jobs_listens(
    main: bool, listens: bool, listening: Console
) -> None:
    workflow = SimpleNamespace(is_main_process=main, output_settings=SimpleNamespace(dryrun=True))
    attached = console.attach(workflow, listening._params)
    try:
        assert (attached in logger.filters) is listens
    finally:
        logger.removeFilter(attached)


def test_progress_comes_by_itself(listening: Console, said: list[str]) -> None:
    watching = Console(listening._params, every_s=0.01)
    start(watching)
    LOG.write_text(LINES)
    until = time.monotonic() + 60
    while not said and time.monotonic() < until:
        time.sleep(0.01)
    watching.stop()
    assert len(said) == 1
