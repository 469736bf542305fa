"""survey: what is on disk says how each stage stands, and nothing runs for ever."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes
from elsewhere.design.graph import stages
from elsewhere.design.plan import stage_digest
from elsewhere.design.stage import Stage
from elsewhere.drivers import alone, logs, receipts, stage_lock
from elsewhere.drivers.survey import Standing, Survey

SITE = "mosmed-synthetic"
NAME = f"ingest--{SITE}"
SAYS = "10:00:01 elsewhere.progress: 3 of 9 scans, 1.0 a second, 6 s left\n"
HOLD = f"""
import time
from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.drivers import stage_lock
with stage_lock.held(stages(tables.load())["{NAME}"]):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def stage(checkout: Path) -> Stage:
    del checkout
    return stages(tables.load())[NAME]


@pytest.fixture
def survey(stage: Stage) -> Survey:
    return Survey(Path())


def at(survey: Survey, name: str = NAME) -> Standing:
    return next(one for one in survey.look().standings if one.stage.name == name)


def make(stage: Stage) -> None:
    """Write outputs and the receipt, as its job does."""
    with stage_lock.held(stage):
        for name, path in stage.outputs.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).mkdir(exist_ok=True) if name == "volumes" else Path(path).write_text(name)
        hashes = Hashes()
        digest = stage_digest(stage, tables.read(), hashes)
        assert receipts.write(stage, digest, receipts.noted(stage.files, hashes), hashes)


def write_log(stage: Stage, text: str) -> None:
    logs.path(stage).parent.mkdir(parents=True, exist_ok=True)
    logs.path(stage).write_text(text)


def test_a_stage_is_waiting_then_done_then_stale(survey: Survey, stage: Stage) -> None:
    looked = survey.look()
    assert {one.state for one in looked.standings} == {"waiting"}
    assert [one.stage.name for one in looked.standings] == [*stages(tables.load())]
    make(stage)
    assert at(survey).state == "done"
    others = {one.state for one in survey.look().standings if one.stage.name != NAME}
    assert others == {"waiting"}
    intake = Path("src/elsewhere/sites/intake.py")
    intake.write_text(intake.read_text() + "\n# another comment\n")
    assert (at(survey).state, at(survey).why) == ("stale", "its settings or its code differ")
    assert Survey(Path()).look() == survey.look(), "what is remembered changes nothing"


def test_a_running_job_says_how_far_it_is_and_a_killed_one_that_it_was(
    survey: Survey, stage: Stage
) -> None:
    write_log(stage, "elsewhere: ValueError: of yesterday\n")
    os.utime(logs.path(stage), (1e9, 1e9))
    job = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    try:
        assert job.stdout is not None
        assert job.stdout.readline() == "held\n"
        assert (at(survey).state, at(survey).said) == ("running", None)
        write_log(stage, SAYS)
        assert at(survey).said == "3 of 9 scans, 1.0 a second, 6 s left"
        assert at(survey).driver == "a user"
    finally:
        job.kill()
        job.communicate()
    assert at(survey).state == "failed"
    assert "its log ends without an error message" in at(survey).why


def test_a_failed_job_says_why_until_it_ends_well(survey: Survey, stage: Stage) -> None:
    make(stage)
    Path(stage.outputs["manifest"]).unlink()
    assert at(survey).state == "stale"
    write_log(stage, "elsewhere: ParamsError: refused before it began\n")
    after = receipts.path(stage).stat().st_mtime + 5
    os.utime(logs.path(stage), (after, after))
    assert (at(survey).state, at(survey).why) == ("failed", "ParamsError: refused before it began")
    assert at(survey).since == after
    make(stage)
    assert at(survey).state == "done"


def test_a_job_that_begins_between_two_looks_has_not_failed(
    survey: Survey, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock is written, its log is empty, and nobody held the lock a moment ago."""
    lock, written = stage_lock.path(stage.name), stage_lock.path

    def begins(name: str) -> Path:
        """Its lock is looked for, and taken just then."""
        if name == NAME:
            lock.parent.mkdir(parents=True, exist_ok=True)
            lock.write_text("{}")
        return written(name)

    begun = stage_lock.Holder(os.getpid(), socket.gethostname(), "snakemake")
    monkeypatch.setattr(stage_lock, "path", begins)
    monkeypatch.setattr(
        stage_lock, "holder", lambda name, root: begun if name == NAME and lock.exists() else None
    )
    assert at(survey).state == "running"


def test_what_failed_waits_once_a_driver_runs_again(survey: Survey, stage: Stage) -> None:
    write_log(stage, "elsewhere: ValueError: of the last run\n")
    before = time.time() - 3600
    os.utime(logs.path(stage), (before, before))
    assert at(survey).state == "failed"
    alone.CLAIM.parent.mkdir(exist_ok=True)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as driver:
        claim = {"process": driver.pid, "host": socket.gethostname()}
        alone.CLAIM.write_text(json.dumps(claim))
        assert at(survey).state == "waiting"
        driver.kill()
    assert at(survey).state == "failed"


@pytest.mark.parametrize("wrong", [b"scale: [", b"\xff\xfe", None])
def test_settings_that_cannot_be_used_are_said(survey: Survey, wrong: bytes | None) -> None:
    assert not survey.look().trouble
    Path("params.yaml").unlink()
    if wrong is not None:
        Path("params.yaml").write_bytes(wrong)
    looked = survey.look()
    assert looked.standings == ()
    assert "settings cannot be used" in looked.trouble


def test_a_project_elsewhere_is_looked_at_without_its_code(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make(stage)
    top = Path.cwd()
    monkeypatch.chdir(tmp_path)
    assert at(Survey(top)).state == "done"
