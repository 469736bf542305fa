"""by_hand: a typed step runs like any other; tests/workflow tests what both drivers plan."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dvc.repo import Repo

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes
from elsewhere.design.graph import stages
from elsewhere.design.stage import Stage
from elsewhere.drivers import by_hand, cache, pipeline, receipts
from elsewhere.drivers.state import (
    Workspace,
    locked,
    read_lock,
    rule_inputs,
    stage_mark,
)

STAND_IN = '''"""A stand-in step that may change its input while it runs."""
import os
from pathlib import Path

class Settings:
    def __init__(self, scoring):
        pass

def run(job, settings):
    out = job.outputs["metrics"]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("a result")
    if "CHANGE" in os.environ:
        job.path("test").write_text("changed")
'''
CELL = ["contrastive", "joint", "covid-ct-synthetic"]
NAME = "--".join(["score", *CELL])


@pytest.fixture
def stage(checkout: Path) -> Stage:
    """The stage, in a repository of both drivers, its inputs there."""
    (checkout / "src/elsewhere/steps/score.py").write_text(STAND_IN)
    path = checkout / "params.yaml"
    path.write_text(re.sub(r"(?m)^run: .*$", "run: [contrastive]", path.read_text()))
    Repo.init(no_scm=True)
    found = stages(tables.load())[NAME]
    for path in found.files:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(f"content of {path}")
    return found


def score(*options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "elsewhere", "score", *CELL, *options],
        env={**os.environ, "PYTHONPATH": "src", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def is_finished(stage: Stage) -> bool:
    """Return whether the receipt of the job shows what it made."""
    workspace = Workspace(tables.read(), Hashes())
    return receipts.holds(stage, workspace.now(stage).digest(stage), Hashes())


def snakemake_plans(stage: Stage) -> bool:
    """Return whether an input is newer than the output, or nothing was said of the stage."""
    if not Path(stage_mark(stage)).exists():
        return True
    newest = max(os.stat(path).st_mtime_ns for path in rule_inputs(stage))
    return newest > os.stat(stage.outputs["metrics"]).st_mtime_ns


def test_it_is_recorded_for_both_drivers(stage: Stage) -> None:
    done = score()
    assert (done.returncode, done.stderr) == (0, "")
    workspace = Workspace(tables.read(), Hashes())
    assert locked(read_lock()[NAME]) == workspace.now(stage)
    assert not snakemake_plans(stage)


def test_an_input_that_is_not_there_is_told_before_anything_runs(stage: Stage) -> None:
    Path(stage.files[0]).unlink()
    done = score()
    assert done.returncode == 1
    assert f"AbsentError: {NAME} reads {stage.files[0]}" in done.stderr
    assert not Path(stage.outputs["metrics"]).exists()
    assert not read_lock()


def test_an_input_that_changed_meanwhile_keeps_it_from_being_recorded(stage: Stage) -> None:
    done = score(CHANGE="1")
    assert done.returncode == 0
    assert "an input changed while this ran; it will run again" in done.stderr
    assert NAME not in read_lock()
    assert not is_finished(stage)
    assert snakemake_plans(stage)


def test_under_dvc_an_input_that_changed_meanwhile_is_an_error(stage: Stage) -> None:
    """DVC would record the input as it is at the end."""
    values = tables.read()
    pipeline.write_read_by_dvc(values, tables.parse(values))
    done = score(CHANGE="1", DVC_STAGE=NAME)
    assert done.returncode == 1
    assert "an input changed while this ran, so its outputs are not recorded; run again" in (
        done.stderr
    )
    assert not is_finished(stage)


def test_under_dvc_an_input_that_is_not_there_is_told(stage: Stage) -> None:
    """DVC does not know of folders that a table lists, and fetches what it knows of."""
    values = tables.read()
    pipeline.write_read_by_dvc(values, tables.parse(values))
    Path(stage.files[0]).unlink()
    done = score(DVC_STAGE=NAME)
    assert done.returncode == 1
    assert f"AbsentError: {NAME} reads {stage.files[0]}" in done.stderr
    assert "`dvc pull` fetches what others made" in done.stderr


def test_other_versions_of_the_drivers_do_not_keep_it_from_running(stage: Stage) -> None:
    known = Path("src/elsewhere/drivers/versions.py")
    known.write_text(known.read_text().replace('"dvc": Range("', '"dvc": Range("9'))
    done = score()
    assert done.returncode == 0
    assert "not recorded, so Snakemake and DVC will run this again: dvc is" in done.stderr
    assert Path(stage.outputs["metrics"]).is_file()
    assert not read_lock()


def test_while_another_command_holds_dvcs_lock_snakemake_knows_it(stage: Stage) -> None:
    with Repo() as repo, repo.lock:
        done = score()
    assert done.returncode == 0
    assert "another command holds DVC's lock" in done.stderr
    assert NAME not in read_lock()
    assert is_finished(stage)
    assert not snakemake_plans(stage)


def test_a_damaged_lock_is_told_before_a_step_runs(stage: Stage) -> None:
    lock = Path("dvc.lock")
    lock.write_text("<<<<<<< HEAD\n")
    os.utime(lock, (0, 0))
    done = score()
    assert done.returncode != 0
    assert "`git checkout dvc.lock`" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path(stage.outputs["metrics"]).exists()


def test_what_dvc_cannot_record_is_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Another command may remove an input after the step has ended."""

    opened, gone = cache.opened, Path(stage.files[0])

    @contextmanager
    def meanwhile(*, wait: bool) -> Iterator[cache.Cache]:
        with opened(wait=wait) as found:
            gone.unlink()
            yield found

    assert score(ELSEWHERE_BRIDGE="off").returncode == 0
    monkeypatch.setattr(cache, "opened", meanwhile)
    by_hand._record(stage)
    assert f"{NAME}: DVC could not record it" in caplog.text
    assert NAME not in read_lock()


@pytest.mark.parametrize("switch", ["ELSEWHERE_BRIDGE", "DVC_STAGE"])
def test_what_another_records_is_not_recorded_here(switch: str, stage: Stage) -> None:
    """With the bridge off nobody does; DVC records its own stages itself."""
    if switch == "DVC_STAGE":
        score()  # writes what DVC's stages read
        Path("dvc.lock").unlink()
    assert score(**{switch: "off"}).returncode == 0
    assert NAME not in read_lock()
