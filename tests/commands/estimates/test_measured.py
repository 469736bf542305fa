"""Rates of what finished here, and the iterations of a run."""

import json
import logging
from pathlib import Path

import pytest

from elsewhere.commands.estimates import measured
from elsewhere.design.params import load
from elsewhere.progress import reported


@pytest.mark.parametrize(
    ("scale", "study", "arm", "scans", "expected"),
    [
        ("paper", "nguyen2021", "utsw", {"utsw": 243}, 250_000),
        ("paper", "contrastive", "joint", {"a": 1, "b": 1}, 10_100),  # twice 5,050
        ("paper", "chestxray", "chexpert-densenet121", {"c": 161_035}, 8_000),
        # as many epochs of both: 8,000 x (161,035 + 80,657) / 161,035, rounded up
        ("paper", "chestxray", "both-densenet121", {"c": 161_035, "n": 80_657}, 12_007),
        # 24 rounds of 2 epochs of 7, 4 and 4 batches of 8
        ("demo", "ucadi", "federated-1", {"m": 49, "o": 26, "s": 27}, 720),
    ],
)
def test_iterations_are_those_of_a_run(at, scale, study, arm, scans, expected):
    assert measured.iterations(at(scale), study, arm, scans) == expected


@pytest.mark.xdist_group("pages")
def test_rates_are_those_that_the_finished_runs_recorded(finished, monkeypatch):
    monkeypatch.chdir(finished)
    params = load()
    of = measured.alike(params, "train", "nguyen2021", "utsw")
    assert of == measured.alike(params, "train", "nguyen2021", "utsw_cc-ccii")
    rate = measured.rate(of, "iteration", measured.finished(params))
    recorded = [
        json.loads(path.read_text()) for path in Path().glob("results/*/models/*/*/cost.json")
    ]
    assert len(recorded) == 2
    assert rate is not None
    assert rate.seconds.ends() == pytest.approx(
        sorted(1 / cost["iterations_per_second"] for cost in recorded)
    )
    assert rate.memory.ends()[0] == max(cost["peak_memory_mb"] for cost in recorded) * 2**20
    assert "2 finished jobs" in rate.seconds.source


@pytest.mark.xdist_group("pages")
def test_another_batch_size_is_another_rate(finished, monkeypatch):
    monkeypatch.chdir(finished)
    params = load()
    found = measured.finished(params)
    budget = params.budgets["nguyen-demo"]
    larger = budget.training.model_copy(update={"batch_size": 64})
    other = params.model_copy(
        update={"budgets": {"nguyen-demo": budget.model_copy(update={"training": larger})}}
    )
    of = measured.alike(other, "train", "nguyen2021", "utsw")
    assert measured.rate(of, "iteration", found) is None


@pytest.mark.usefixtures("empty")
def test_a_log_of_a_stage_tells_its_rate(caplog):
    log = logging.getLogger("elsewhere.steps.prepare")
    with caplog.at_level(logging.INFO):
        for _ in reported(range(50), log, total=50, unit="scans"):
            pass
    path = Path("logs/prepare/nguyen-demo/utsw.log")
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(caplog.messages))
    rate = measured.of_scans("prepare", {"input": "nguyen-demo", "site": "utsw"})
    stated = float(caplog.messages[-1].split(" scans, ")[1].split(" a second")[0])
    assert rate is not None
    assert rate.seconds.ends()[0] == pytest.approx(1 / stated)
    assert measured.of_scans("prepare", {"input": "nguyen-demo", "site": "mosmed"}) is None
    assert measured.of_scans("score", {"site": "utsw"}) is None


@pytest.mark.usefixtures("empty")
def test_nothing_is_measured_where_nothing_ran(at):
    assert measured.finished(at("demo")) == []
