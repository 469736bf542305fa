"""alive: a driver runs as long as its process lives, whatever its lock says."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from elsewhere.drivers import alive, alone

CLAIM = """
from elsewhere.drivers import alone
print(alone.claim(), flush=True)
input()
"""


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, and the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(alone.DRIVER, raising=False)
    return tmp_path


@pytest.fixture
def claiming(top: Path):
    """A process that claimed the project, as Snakemake does."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "True\n"
    yield process
    process.kill()
    process.communicate()


def test_none_runs_in_an_empty_project(top: Path) -> None:
    assert [*alive.drivers(top)] == []


def test_a_snakemake_runs_until_it_is_killed(top: Path, claiming: subprocess.Popen) -> None:
    assert [(one.name, one.process) for one in alive.drivers(top)] == [("snakemake", claiming.pid)]
    claiming.kill()
    claiming.wait()
    assert alone.CLAIM.read_text(), "the lock is still there"
    assert [*alive.drivers(top)] == []


def test_a_killed_one_whose_parent_did_not_ask_for_it_is_gone(
    top: Path, claiming: subprocess.Popen
) -> None:
    claiming.kill()
    os.waitid(os.P_PID, claiming.pid, os.WEXITED | os.WNOWAIT)
    assert [*alive.drivers(top)] == []


def test_a_process_that_got_the_number_of_a_dead_one_is_no_driver(
    top: Path, claiming: subprocess.Popen
) -> None:
    os.utime(alone.CLAIM, (1e9, 1e9))  # written long before this process began
    assert [*alive.drivers(top)] == []


@pytest.mark.parametrize("claim", ["", "{", "[]", '{"process": "x", "host": "y"}'])
def test_a_claim_that_cannot_be_read_or_is_of_another_machine_is_none(
    top: Path, claim: str
) -> None:
    alone.CLAIM.parent.mkdir()
    alone.CLAIM.write_text(claim)
    assert [*alive.drivers(top)] == []
    alone.CLAIM.write_text(
        json.dumps({"process": os.getpid(), "host": f"not {socket.gethostname()}"})
    )
    assert [*alive.drivers(top)] == []


@pytest.mark.parametrize(("command", "runs"), [("repro", True), ("status", False)])
def test_of_commands_of_dvc_repro_is_a_driver(top: Path, command: str, runs: bool) -> None:
    waits = [sys.executable, "-uc", "print(1); input()", command]
    with subprocess.Popen(waits, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as dvc:
        assert dvc.stdout.readline(), "its command can be read from now on"
        alive.DVC_LOCK.parent.mkdir(parents=True)
        alive.DVC_LOCK.write_text(f" {dvc.pid}\n")
        assert [one.process for one in alive.drivers(top)] == [dvc.pid] * runs
        dvc.kill()
