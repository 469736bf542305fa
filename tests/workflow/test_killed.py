"""Drivers that are killed, or run at once: no stage is made twice, and no finished job is lost."""

import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from project import Project, nothing_to_do

pytestmark = pytest.mark.slow

CELL = "score--contrastive--joint--covid-ct-synthetic"
METRICS = "results/contrastive/cells/joint/covid-ct-synthetic/metrics.json"


def set_bootstrap(project: Project, number: int) -> None:
    text = project.study.read_text()
    assert "bootstrap: 2000" in text
    project.study.write_text(text.replace("bootstrap: 2000", f"bootstrap: {number}"))


def wait_for(path: Path, text: str = "") -> None:
    """Wait until a file says something, or this."""
    until = time.monotonic() + 300
    while not path.exists() or not path.read_text() or text not in path.read_text():
        assert time.monotonic() < until, f"no {path} that says {text!r}"
        time.sleep(0.05)


def jobs(project: Project) -> list[psutil.Process]:
    """Return the running jobs of a checkout."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        line = " ".join(process.info["cmdline"] or ())
        if process.info["cwd"] == str(project.path) and "-m elsewhere score" in line:
            found.append(process)
    return found


@pytest.mark.parametrize(
    ("how", "shell"), [(signal.SIGKILL, "/bin/sh"), (signal.SIGTERM, "/bin/bash")]
)
def test_a_job_dies_with_dvc(
    how: signal.Signals, shell: str, small: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DVC starts it through $SHELL; bash becomes the job, the sh of Debian outlives DVC."""
    set_bootstrap(small, 17)
    monkeypatch.setenv("SHELL", shell)
    monkeypatch.setenv("STAND_IN_SLEEP", "600")
    run = small.start(f"exec dvc repro -s graph {CELL}")
    wait_for(small.log)
    left = jobs(small)
    assert left
    os.kill(run.pid, how)
    _, alive = psutil.wait_procs(left, timeout=60)
    assert not alive, "its training would go on beside the next"
    run.communicate()
    small.executed()
    monkeypatch.delenv("STAND_IN_SLEEP")
    small.sh("snakemake -j8")
    assert CELL in small.executed()
    nothing_to_do(small)


def test_both_drivers_at_once_make_a_stage_once(
    small: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_bootstrap(small, 17)
    go_on = small.path.parent / "go on"
    monkeypatch.setenv("STAND_IN_UNTIL", str(go_on))
    first = small.start(f"exec dvc repro -s graph {CELL}")
    wait_for(small.log)
    monkeypatch.delenv("STAND_IN_UNTIL")
    second = small.start("exec snakemake -j8")
    log = small.path / "logs/score/contrastive/joint/covid-ct-synthetic.log"
    wait_for(log, "started by dvc repro, which makes this stage now")
    go_on.touch()
    for run in (first, second):
        printed, _ = run.communicate()
        assert run.returncode == 0, printed
        assert "Traceback" not in printed
    executed = small.executed()
    assert executed.count(CELL) == 1
    assert len(executed) == len(set(executed))
    nothing_to_do(small)


def test_what_a_job_finished_after_the_head_was_killed_is_accepted(
    small: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a cluster, where jobs outlive the process that sent them."""
    set_bootstrap(small, 17)
    go_on = small.path.parent / "go on"
    monkeypatch.setenv("STAND_IN_UNTIL", str(go_on))
    small.sh("python -m elsewhere graph")
    # another host's name, so that the job does not follow its driver into death
    script = (
        "import socket; socket.gethostname = lambda: 'head'; from snakemake.cli import main; main()"
    )
    run = small.start(f'exec python -c "{script}" -j1 {METRICS}')
    wait_for(small.log)
    left = jobs(small)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    go_on.touch()
    _, alive = psutil.wait_procs(left, timeout=60)
    assert not alive
    run.communicate()
    assert small.executed() == [CELL]
    made = (small.path / METRICS).read_bytes()
    monkeypatch.delenv("STAND_IN_UNTIL")
    small.sh("snakemake -j8")
    executed = small.executed()
    assert executed
    assert CELL not in executed
    assert (small.path / METRICS).read_bytes() == made
    nothing_to_do(small)


def test_what_a_killed_writer_left_is_swept_by_the_next_run(small: Project) -> None:
    metrics = small.path / METRICS
    left = metrics.with_name(f".part-7-{metrics.name}")
    left.write_text("half a result")
    set_bootstrap(small, 17)
    small.sh("snakemake -j8")
    assert not left.exists()
