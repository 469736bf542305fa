"""alone: a killed Snakemake leaves nothing that must be cleaned up by hand."""

import configparser
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from dvc.repo import Repo

from elsewhere.drivers import alone

CLAIM = """
import time
from elsewhere.drivers import alone
print(alone.claim(), flush=True)
time.sleep(60)
"""
JOB = """
import time
from elsewhere.drivers import alone
alone.follow()
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(alone.DRIVER, raising=False)
    return tmp_path


def start(code: str, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def test_a_second_process_gets_no_claim_until_the_first_is_killed(folder):
    first, second = start(CLAIM), None
    try:
        assert first.stdout.readline() == "True\n"
        second = start(CLAIM)
        assert second.stdout.readline() == "False\n"
        first.kill()
        first.wait()
        third = start(CLAIM)
        assert third.stdout.readline() == "True\n"
        third.kill()
        third.wait()
    finally:
        for process in (first, second):
            if process is not None:
                process.kill()
                process.wait()


def test_who_gets_the_claim_removes_a_stale_lock_and_nobody_else_does(folder):
    stale = Path(".snakemake/locks/0.input.lock")
    stale.parent.mkdir(parents=True)
    stale.write_text("results/x\n")
    holder = start(CLAIM)
    try:
        assert holder.stdout.readline() == "True\n"
        assert not stale.exists()
        stale.write_text("results/x\n")
        assert not alone.claim()
        assert stale.exists()
    finally:
        holder.kill()
        holder.wait()


def test_a_job_stops_when_its_driver_is_gone(folder):
    driver = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    job = start(JOB, **{alone.DRIVER: f"{socket.gethostname()}:{driver.pid}"})
    time.sleep(1.5)
    assert job.poll() is None
    driver.kill()
    assert job.wait(timeout=20) == -signal.SIGTERM, "also while nobody has asked how it ended"
    driver.wait()


DVC = """
import subprocess, sys
subprocess.run(sys.argv[1:])
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("then", ["", "; exit"], ids=["one command", "the shell stays"])
def test_a_job_stops_when_dvc_is_gone_whatever_the_shell_does(folder, how, then):
    """Some shells become the one command that DVC gives them, others outlive DVC."""
    command = f"{sys.executable} -c '{JOB.replace('alone.follow()', 'alone.follow(); print(1)')}'"
    dvc = subprocess.Popen(
        [sys.executable, "-c", DVC, "/bin/sh", "-c", command + then],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "DVC_STAGE": "score", "PYTHONUNBUFFERED": "1"},
    )
    assert dvc.stdout.readline() == "1\n"
    job = psutil.Process(dvc.pid).children(recursive=True)[-1]
    dvc.send_signal(how)
    dvc.wait()
    _, alive = psutil.wait_procs([job], timeout=20)
    assert not alive


@pytest.mark.parametrize("driver", ["", "elsewhere-host:1", "nonsense"])
def test_a_job_of_no_driver_or_of_another_machine_is_left_alone(folder, driver):
    job = start(JOB.replace("60", "2.5"), **{alone.DRIVER: driver})
    assert job.wait(timeout=30) == 0


def test_the_folder_of_this_machine_is_closed_to_others(folder):
    alone.OWN.mkdir(mode=0o777)
    alone.OWN.chmod(0o777)  # as DVC leaves it
    alone.private()
    assert alone.OWN.stat().st_mode & 0o777 == 0o700


def test_dvc_keeps_its_index_in_the_closed_folder(folder):
    """Its default is a folder of the machine that every user can read."""
    project = Path(__file__).parents[2]
    Repo.init(no_scm=True)
    config = configparser.ConfigParser()
    config.read([".dvc/config", project / ".dvc/config"])
    with Path(".dvc/config").open("w") as file:
        config.write(file)
    (folder / "raw").mkdir()
    (folder / "raw" / "NAME^OF^PATIENT.dcm").write_text("voxels")
    with Repo() as repo:
        repo.add("raw")
    assert Path(repo.site_cache_dir).resolve().is_relative_to((folder / alone.OWN).resolve())
    assert (project / alone.OWN / ".gitignore").is_file(), "DVC would make the folder open"


def test_a_job_that_was_sent_to_a_cluster_follows_nobody(folder):
    """The cluster may start it on this machine."""
    ends = "import os\nalone.lead_nobody()\nprint(alone.DRIVER in os.environ)"
    first = start(CLAIM.replace("time.sleep(60)", ends))
    printed, _ = first.communicate()
    assert printed.split() == ["True", "False"]
