"""A real Slurm runs the graph: grouped cells, preemption, and a head process that is killed."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import slurm
from project import Project, nothing_to_do

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm")]

# The tests' own limits of patience: this Slurm answers at once, and the folder is a local one.
RUN = (
    "exec snakemake --profile profiles/slurm --latency-wait 5 "
    "--slurm-init-seconds-before-status-checks 1"
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    slurm.require()
    with slurm.started(tmp_path_factory.mktemp("slurm")) as environment:
        yield environment


@pytest.fixture
def on_cluster(cluster: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cluster.items():
        monkeypatch.setenv(name, value)


def wait_until(holds: Callable[[], object], what: str) -> None:
    until = time.monotonic() + 200
    while not holds():
        assert time.monotonic() < until, f"not yet: {what}"
        time.sleep(0.1)


def queue() -> dict[str, str]:
    """Return number and state of each job that has not ended."""
    rows = slurm.call("squeue", "-h", "-o", "%A %T").splitlines()
    return dict(row.split() for row in rows)


def began(project: Project) -> list[str]:
    return project.log.read_text().split() if project.log.exists() else []


def says(path: Path, text: str) -> bool:
    return path.exists() and text in path.read_text()


@pytest.mark.usefixtures("on_cluster")
def test_preempted_and_headless_jobs_make_each_cell_once(
    small: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nine cells wait in the queue twice; no job that finished without its head is made again."""
    text = small.study.read_text()
    small.study.write_text(text.replace("bootstrap: 2000", "bootstrap: 17"))
    go_on, first, second = (small.path.parent / name for name in ("go on", "first", "second"))
    monkeypatch.setenv("STAND_IN_UNTIL", str(go_on))
    slurm.call("scontrol", "update", "nodename=node2", "state=drain", "reason=test")
    head = small.start(f"{RUN} > '{first}' 2>&1")
    wait_until(lambda: began(small), "a cell began")
    wait_until(lambda: sorted(queue().values()) == ["PENDING", "RUNNING"], "two jobs are queued")
    [running] = [number for number, state in queue().items() if state == "RUNNING"]
    [preempted] = began(small)

    slurm.call("scontrol", "requeue", running)
    wait_until(lambda: began(small) == [preempted] * 2, "it began again")
    os.kill(head.pid, signal.SIGKILL)
    head.wait()

    again = small.start(f"{RUN} > '{second}' 2>&1")
    told = f"waiting for jobs of an earlier run, to use what they make: {running}"
    wait_until(lambda: says(second, told), "the next Snakemake found the running job")
    assert queue() == {running: "RUNNING"}, "what waited was taken back, what ran was left"
    assert says(second, "1 jobs of an earlier run wait in the queue: taken back")
    slurm.call("scontrol", "update", "nodename=node2", "state=resume")
    go_on.touch()
    assert again.wait() == 0, second.read_text()

    executed = small.executed()
    cells = {name for name in executed if name.startswith("score--")}
    assert len(cells) == 9
    assert sorted(executed) == sorted([*cells, preempted, "figure--contrastive"])
    sent = [len(re.findall("submitted with SLURM jobid", f.read_text())) for f in (first, second)]
    assert sent == [2, 2], "two groups; then the one that was taken back, and the figure"
    monkeypatch.delenv("STAND_IN_UNTIL")
    nothing_to_do(small)


@pytest.mark.usefixtures("on_cluster")
def test_slurm_chooses_the_gpu(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU of a list for this machine is none that Slurm gave to the job."""
    monkeypatch.setenv("ELSEWHERE_GPUS", "5")
    printed = small.sh("srun --gpus=1 python -m elsewhere.drivers.gpu_slot 1 env")
    assert "CUDA_VISIBLE_DEVICES=0\n" in printed
