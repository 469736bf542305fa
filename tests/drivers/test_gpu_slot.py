"""gpu_slot: one job per device, whatever happens to the jobs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from elsewhere.drivers import gpu_slot

CHOSEN_BY = ("SLURM_JOB_ID", "ELSEWHERE_GPUS", "CUDA_VISIBLE_DEVICES")
ROOT = Path(__file__).parents[2]
JOB = """
import os, sys, time
slot = os.environ.get("CUDA_VISIBLE_DEVICES", "none")
with open(sys.argv[1], "a") as log:
    log.write(f"{slot} start {time.monotonic()}\\n"); log.flush()
    time.sleep(float(sys.argv[2]))
    log.write(f"{slot} stop {time.monotonic()}\\n")
"""


def start(folder: Path, *command: str, gpus: int = 1, **environment: str) -> subprocess.Popen[str]:
    outer = {k: v for k, v in os.environ.items() if k not in CHOSEN_BY}
    return subprocess.Popen(
        [sys.executable, "-m", "elsewhere.drivers.gpu_slot", str(gpus), *command],
        env={**outer, "PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(folder), **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def sleeper(log: Path, seconds: float) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", JOB, str(log), str(seconds))


def test_eight_jobs_never_share_a_slot(tmp_path: Path) -> None:
    log = tmp_path / "log"
    jobs = [start(tmp_path, *sleeper(log, 0.15), ELSEWHERE_GPUS="0,1") for _ in range(8)]
    assert [job.wait(60) for job in jobs] == [0] * 8
    rows = sorted(
        (line.split() for line in log.read_text().splitlines()), key=lambda row: float(row[2])
    )
    assert len(rows) == 16
    for slot in ("0", "1"):
        words = [word for found, word, _ in rows if found == slot]
        assert words == ["start", "stop"] * (len(words) // 2), f"two jobs at once on {slot}"
        assert words, f"slot {slot} stayed idle"


def test_a_killed_job_frees_its_slot(tmp_path: Path) -> None:
    log = tmp_path / "log"
    first = start(tmp_path, *sleeper(log, 600), ELSEWHERE_GPUS="0")
    while not log.exists() or not log.read_text():
        time.sleep(0.02)
    second = start(tmp_path, *sleeper(tmp_path / "second", 0), ELSEWHERE_GPUS="0")
    time.sleep(0.6)
    assert not (tmp_path / "second").exists(), "it did not wait"
    first.send_signal(signal.SIGKILL)
    assert first.wait(10) == -signal.SIGKILL
    assert second.wait(30) == 0
    assert (tmp_path / "second").read_text().startswith("0 start")


def test_a_job_on_the_cpu_takes_no_slot(tmp_path: Path) -> None:
    first = start(tmp_path, *sleeper(tmp_path / "gpu", 600), ELSEWHERE_GPUS="0")
    while not (tmp_path / "gpu").exists():
        time.sleep(0.02)
    cpu = start(tmp_path, *sleeper(tmp_path / "cpu", 0), gpus=0, ELSEWHERE_GPUS="0")
    try:
        assert cpu.wait(30) == 0
        assert (tmp_path / "cpu").read_text().startswith("none start")
    finally:
        first.kill()
        first.wait(10)


def test_the_exit_code_is_the_jobs(tmp_path: Path) -> None:
    assert start(tmp_path, "sh", "-c", "exit 7", ELSEWHERE_GPUS="0").wait(30) == 7


@pytest.mark.parametrize("arguments", [[], ["1"], ["true", "x"], ["2", "true"]])
def test_a_wrong_call_says_how(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "elsewhere.drivers.gpu_slot", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        check=False,
    )
    assert done.returncode == 1
    assert "usage: python -m elsewhere.drivers.gpu_slot 0|1 COMMAND" in done.stderr


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"ELSEWHERE_GPUS": "0,1"}, ["0", "1"]),
        ({"ELSEWHERE_GPUS": "2, 3"}, ["2", "3"]),
        ({"CUDA_VISIBLE_DEVICES": "5,6"}, ["5", "6"]),
        ({"CUDA_VISIBLE_DEVICES": "5", "ELSEWHERE_GPUS": "0,1"}, ["0", "1"]),
        ({"CUDA_VISIBLE_DEVICES": ""}, []),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, []),
        ({"ELSEWHERE_GPUS": "0,1", "SLURM_JOB_ID": "7"}, []),
    ],
)
def test_where_a_job_may_run(
    environment: dict[str, str], found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in CHOSEN_BY:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert gpu_slot.devices() == found


def test_the_name_of_a_part_of_a_gpu_is_a_slot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert gpu_slot.take(["MIG-GPU-8932f937/1/0"]) == "MIG-GPU-8932f937/1/0"
