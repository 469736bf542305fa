"""demand: what a job asks of a cluster follows from the settings, and changes no result."""

from dataclasses import replace
from pathlib import Path

import pytest

from elsewhere.commands.estimates import work
from elsewhere.commands.estimates.holding import holdings
from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.machine import MachineRow
from elsewhere.design.stage import Stage
from elsewhere.design.steps import STEPS
from elsewhere.drivers import demand

ROOT = Path(__file__).parents[2]


def at(scale: str) -> tuple[tables.Params, dict[str, Stage]]:
    values = tables.read(ROOT / "tests/params")
    params = tables.parse(values | {"scale": scale, "run": ["nguyen2021"]})
    return params, stages(params)


@pytest.fixture(scope="module", params=["demo", "paper"])
def graph(request: pytest.FixtureRequest) -> tuple[tables.Params, dict[str, Stage]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return at(request.param)


def test_every_job_asks_for_something(graph: tuple[tables.Params, dict[str, Stage]]) -> None:
    params, found = graph
    for stage in found.values():
        asked = demand.of(params, stage)
        assert asked.threads >= 1
        assert asked.mem_mb >= 1000
        assert 0 < asked.runtime <= demand.LONGEST_MIN


def test_a_later_attempt_gets_more(graph: tuple[tables.Params, dict[str, Stage]]) -> None:
    params, found = graph
    for stage in found.values():
        first, second = (demand.of(params, stage, attempt=attempt) for attempt in (1, 2))
        assert second.mem_mb == 2 * first.mem_mb
        assert second.runtime == min(2 * first.runtime, demand.LONGEST_MIN)
        assert (second.threads, second.gpu) == (first.threads, first.gpu)


def test_a_budget_decides_on_threads_and_gpu(
    graph: tuple[tables.Params, dict[str, Stage]],
) -> None:
    params, found = graph
    for stage in found.values():
        asked = demand.of(params, stage)
        if stage.step in ("train", "predict"):
            name = params.budget_of(stage.wildcards["study"], stage.wildcards["arm"])
            budget = params.budgets[name]
            row = budget.training if stage.step == "train" else budget.prediction
            assert (asked.threads, asked.gpu) == (row.threads, int(row.device == "cuda"))
        if STEPS[stage.step].environment != "torch":
            assert asked.gpu == 0


@pytest.mark.parametrize("study", ["nguyen2021", "contrastive", "chestxray", "ucadi"])
def test_no_job_asks_for_less_than_the_estimate_says(
    study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both rest on one table: a job that the estimate calls long is not ended before its time."""
    monkeypatch.chdir(ROOT)
    values = tables.read(ROOT / "tests/params")
    timed = 0
    for scale in values["studies"][study]["scales"]:
        params = tables.parse(values | {"scale": scale, "run": [study]})
        sites = holdings(params, study, slices=(40, 400))
        for job in work.jobs(params, study, sites):
            asked = demand.of(params, job.stage)
            if job.memory.known:
                assert asked.mem_mb >= job.memory.ends()[1] / 1e6, job.stage.name
            if job.stage.step == "train" and job.seconds.known:
                timed += 1
                seconds = job.units.ends()[1] * job.each.ends()[1]
                assert asked.runtime >= min(int(seconds / 60), demand.LONGEST_MIN), job.stage.name
    assert timed


@pytest.mark.parametrize(("step", "cores"), [("ingest", 4), ("prepare", 13), ("outline", 13)])
def test_large_raw_data_get_more_cores_memory_and_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, cores: int
) -> None:
    """12.6 GB are an hour on one core; sites of the demo keep one core, so that jobs run beside."""
    monkeypatch.chdir(ROOT)
    params, found = at("demo")
    ingest = next(stage for stage in found.values() if stage.step == "ingest")
    stage = replace(ingest, step=step)
    monkeypatch.chdir(tmp_path)
    small = demand.of(params, stage)
    assert small.threads == 1
    note = Path(f"data/raw/{stage.wildcards['site']}.dvc")
    note.parent.mkdir(parents=True)
    note.write_text("outs:\n- md5: 0.dir\n  size: 12600000000\n  nfiles: 2\n  path: x\n")
    large = demand.of(params, stage)
    assert large.threads == cores
    assert large.runtime - small.runtime == pytest.approx(60 / cores, abs=1)
    assert large.mem_mb >= small.mem_mb + 1500 * (cores - 1)
    later = demand.of(params, stage, attempt=2)
    assert (later.threads, later.mem_mb) == (cores, 2 * large.mem_mb)


def test_raw_files_that_dvc_does_not_track_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    params, found = at("demo")
    stage = replace(
        next(stage for stage in found.values() if stage.step == "ingest"), step="prepare"
    )
    for files, size, cores in ((3, 700_000_000, 3), (3000, 1_000_000, 16), (3000, 1_000, 1)):
        place = tmp_path / f"{files}-{size}"
        below = place / "data/raw" / stage.wildcards["site"] / "p1"
        below.mkdir(parents=True)
        for number in range(files):
            with (below / f"{number}.dcm").open("wb") as file:
                file.truncate(size)  # takes no room
        monkeypatch.chdir(place)
        assert demand.of(params, stage).threads == cores


def test_a_training_asks_for_the_scans_that_it_may_keep(
    graph: tuple[tables.Params, dict[str, Stage]],
) -> None:
    params, found = graph
    asked = {
        size: {
            name: demand.of(params.model_copy(update={"machine": row}), stage).mem_mb
            for name, stage in found.items()
        }
        for size in (0, 32)
        for row in [MachineRow(cache_gb=size)]
    }
    for name, stage in found.items():
        more = asked[32][name] - asked[0][name]
        assert more == (32_000 if stage.step == "train" else 0)


def test_no_step_can_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """So another demand makes no finished result stale."""
    monkeypatch.chdir(ROOT)
    _, found = at("demo")
    for stage in found.values():
        assert "src/elsewhere/drivers/demand.py" not in stage.code
