"""A real Slurm runs cells: groups, preemption, too little memory, a head process that is killed."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import slurm
from project import STAND_IN, Project

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm")]

# The tests' own limits of patience: this Slurm answers at once, and the folder is a local one.
RUN = (
    f"exec {slurm.PYTHON} {Path(__file__).parent / 'impatient.py'} --profile profiles/slurm "
    "--latency-wait 5 --slurm-init-seconds-before-status-checks 1"
)
# Two that run when their head is killed, and one that it has not sent yet; more would show no more.
CELLS = [("joint", "sars-cov-2-ct"), ("joint", "covid-ct"), ("single-a", "covid-ct")]
FILES = " ".join(f"results/contrastive/cells/{a}/{s}-synthetic/metrics.json" for a, s in CELLS)


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
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, f"not yet: {what}"
        time.sleep(0.1)


def queue(name: str = "%A") -> dict[str, str]:
    """Return number and state of each job that has not ended; for "%i" its name in its array."""
    rows = slurm.call("squeue", "-h", "-o", f"{name} %T").splitlines()
    return dict(row.split() for row in rows)


def began(project: Project) -> list[str]:
    return project.log.read_text().split() if project.log.exists() else []


def says(path: Path, text: str) -> bool:
    return path.exists() and text in path.read_text()


@pytest.fixture
def head(small: Project) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a Snakemake that sends its jobs to Slurm; none outlives the test."""
    started = []

    def start(options: str) -> subprocess.Popen[str]:
        started.append(small.start(f"{RUN} {options}"))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def write_resumable(project: Project, step: str) -> None:
    """Let a step do as a training does: SIGTERM saves where it is, and the next start says so."""
    old = 'log.write(job.name + "\\n")'
    new = """kept = Path(f".elsewhere/kept-{job.name}")
        log.write(job.name + ("--resumed" if kept.exists() else "") + "\\n")
    import signal
    signal.signal(signal.SIGTERM, lambda *_: kept.touch() or os._exit(143))
    if True:
        pass"""
    assert old in STAND_IN
    text = STAND_IN.replace(old, new)
    (project.path / f"src/elsewhere/steps/{step}.py").write_text(text)


def held(project: Project, monkeypatch: pytest.MonkeyPatch, step: str) -> list[Path]:
    """Let a step be resumable and wait for the first of these files; the others are for logs."""
    write_resumable(project, step)
    files = [project.path.parent / name for name in ("go on", "first", "second")]
    monkeypatch.setenv("STAND_IN_UNTIL", str(files[0]))
    return files


@pytest.mark.usefixtures("on_cluster")
def test_preempted_and_headless_jobs_make_each_cell_once(
    small: Project,
    head: Callable[..., subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on, first, second = held(small, monkeypatch, "score")
    killed = head(f"--jobs 2 {FILES} > '{first}' 2>&1")
    wait_until(lambda: len(began(small)) == 2, "two jobs run")
    both = set(began(small))
    numbers = sorted(queue())

    slurm.call("scontrol", "requeue", numbers[0])
    wait_until(lambda: len(began(small)) == 3, "the preempted job began again")
    preempted = began(small)[2].removesuffix("--resumed")
    [other] = both - {preempted}
    killed.kill()
    killed.wait()
    slurm.call("scontrol", "requeuehold", numbers[1])
    wait_until(lambda: queue().get(numbers[1]) == "PENDING", "the other one was preempted")

    again = head(f"{FILES} > '{second}' 2>&1")
    told = f"waiting for jobs of an earlier run, to use what they make: {numbers[0]};"
    wait_until(lambda: says(second, told), "the next Snakemake found the running job")
    assert says(second, "1 jobs of an earlier run wait in the queue: taken back")
    assert queue() == {numbers[0]: "RUNNING"}
    go_on.touch()
    assert again.wait() == 0, second.read_text()

    cells = [f"score--contrastive--{arm}--{site}-synthetic" for arm, site in CELLS]
    resumed = [f"{name}--resumed" for name in (preempted, other)]
    assert sorted(small.executed()) == sorted([*cells, *resumed])
    sent = [f.read_text().count("submitted with SLURM jobid") for f in (first, second)]
    assert sent == [2, 2], "the cell that finished without its head was not sent again"
    monkeypatch.delenv("STAND_IN_UNTIL")
    assert not {*cells} & {*small.planned()}
    small.sh(f"dvc repro -q --single-item {' '.join(cells)}")
    assert small.executed() == []


@pytest.mark.usefixtures("on_cluster")
def test_an_array_of_trainings_is_preempted_and_outlives_its_head(
    small: Project,
    head: Callable[..., subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two of four have a GPU; one gives it to a third. Those that wait are taken back alone."""
    go_on, first, second = held(small, monkeypatch, "train")
    runs = [f"{arm}/{run}" for arm in ("joint", "single-a") for run in ("0-0", "1-0")]
    files = " ".join(f"results/contrastive/models/{run}/model.safetensors" for run in runs)
    array = f"--slurm-array-jobs train {files} --set-resources train:gpu=1"
    killed = head(f"--jobs 4 {array} > '{first}' 2>&1")
    wait_until(lambda: len(began(small)) == 2, "two trainings run")
    states = queue("%i")
    assert sorted(states.values()) == ["PENDING", "RUNNING", "RUNNING"], states
    [number] = {task.partition("_")[0] for task in states}

    slurm.call("scontrol", "requeue", f"{number}_2")
    wait_until(lambda: len(began(small)) == 3, "another training began in its place")
    running = {task for task, state in queue("%i").items() if state == "RUNNING"}
    assert len(running) == 2
    killed.kill()
    killed.wait()
    again = head(f"{array} > '{second}' 2>&1")
    wait_until(lambda: says(second, "waiting for jobs of an earlier run"), "the next Snakemake")
    assert queue("%i") == dict.fromkeys(running, "RUNNING"), second.read_text()
    go_on.touch()
    assert again.wait() == 0, second.read_text()

    made = [f"train--contrastive--{run.replace('/', '--')}" for run in runs]
    executed = small.executed()
    [resumed] = [name for name in executed if name.endswith("--resumed")]
    assert sorted(executed) == sorted([*made, resumed])
    monkeypatch.delenv("STAND_IN_UNTIL")
    assert not {*made} & {*small.planned()}


def write_greedy_score(project: Project) -> None:
    """Let `score` take 500 MB, at its first start until it is ended."""
    old = "    seen = seen.hexdigest()"
    new = """    held = b"x" * 500_000_000
    if open(os.environ["STAND_IN_LOG"]).read().count(job.name) == 1:
        time.sleep(60)
"""
    assert old in STAND_IN
    text = STAND_IN.replace(old, new + old)
    (project.path / "src/elsewhere/steps/score.py").write_text(text)


@pytest.mark.usefixtures("on_cluster")
def test_a_job_that_took_too_much_memory_says_so_and_is_sent_with_more(small: Project) -> None:
    write_greedy_score(small)
    (arm, site), file = CELLS[0], FILES.split()[0]
    printed = small.sh(f"{RUN} {file} --set-resources 'score:mem_mb=attempt*400'")
    assert small.executed() == [f"score--contrastive--{arm}--{site}-synthetic"] * 2
    assert printed.count("Slurm ended it: it took more memory than it asked for (mem_mb=400)") == 1
    jobs = ",".join(re.findall(r"submitted with SLURM jobid (\d+)", printed))
    asked = slurm.call("squeue", "-h", "-t", "all", "-S", "i", "-o", "%T %m", "-j", jobs)
    assert asked.splitlines() == ["FAILED 400M", "COMPLETED 800M"]


@pytest.mark.usefixtures("on_cluster")
def test_slurm_chooses_the_gpu(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU of a list for this machine is none that Slurm gave to the job."""
    monkeypatch.setenv("ELSEWHERE_GPUS", "5")
    printed = small.sh("srun --gpus=1 python -m elsewhere.drivers.gpu_slot 1 env")
    assert "CUDA_VISIBLE_DEVICES=0\n" in printed
