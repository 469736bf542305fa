"""stage_lock: two processes never make one stage at the same time, and no lock outlives them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.stage import Stage
from elsewhere.drivers import stage_lock

NAME = "split--contrastive--covid-ct-synthetic"
HOLD = f"""
import logging, sys, time
from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.drivers import stage_lock
logging.basicConfig(stream=sys.stdout, format="%(message)s")
with stage_lock.held(stages(tables.load())["{NAME}"]) as waited:
    print("held", waited, flush=True)
    time.sleep(float(sys.argv[1]))
"""


def holder(seconds: float, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-u", "-c", HOLD, str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def stage(checkout: Path) -> Stage:
    del checkout
    return stages(tables.load())[NAME]


@pytest.mark.usefixtures("stage")
def test_the_second_waits_and_says_for_whom() -> None:
    first = holder(1.5, DVC_STAGE=NAME)
    assert line(first) == "held False"
    second = holder(0)
    waiting = line(second)
    assert waiting.startswith(f"{NAME}: waiting for process {first.pid} on ")
    assert "started by dvc repro, which makes this stage now" in waiting
    assert first.poll() is None, "the first still holds it"
    assert line(second) == "held True"
    assert [first.wait(), second.wait()] == [0, 0]


def test_a_killed_process_holds_nothing(stage: Stage) -> None:
    first = holder(600)
    assert line(first) == "held False"
    first.kill()
    first.wait()
    start = time.monotonic()
    with stage_lock.held(stage) as waited:
        assert not waited
    assert time.monotonic() - start < 60


def test_what_killed_writers_left_is_removed_and_nothing_else(stage: Stage) -> None:
    output = Path(stage.outputs["split"])
    output.parent.mkdir(parents=True)
    left, other = output.with_name(f".part-7-{output.name}"), output.with_name(".part-7-other.csv")
    folder = output.with_name(f".part-8-{output.name}")
    folder.mkdir()
    for path in (output, left, other, folder / "one"):
        path.write_text("text")
    stage_lock.sweep(stage)
    assert sorted(output.parent.iterdir()) == sorted([output, other])


@pytest.mark.usefixtures("stage")
def test_who_makes_a_stage_is_told_as_long_as_it_does() -> None:
    assert stage_lock.holder(NAME) is None
    process = holder(60, DVC_STAGE=NAME)
    assert line(process) == "held False"
    told = stage_lock.holder(NAME)
    assert told is not None
    assert (told.process, told.driver) == (process.pid, "dvc repro")
    process.kill()
    process.wait()
    assert stage_lock.holder(NAME) is None, "the kernel freed it, whatever its file says"


def test_to_ask_who_makes_a_stage_keeps_nobody_from_it(stage: Stage) -> None:
    with stage_lock.held(stage):
        pass
    stage_lock.holder(NAME)
    process = holder(0)
    assert line(process) == "held False"
    process.wait()
