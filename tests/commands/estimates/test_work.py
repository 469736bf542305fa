"""Time of the stages of a study: closed forms, and what a finished project recorded."""

import json
from pathlib import Path

import pytest

from elsewhere.commands.estimates.holding import holdings
from elsewhere.commands.estimates.work import Machine, jobs, steps
from elsewhere.design.graph import stages
from elsewhere.design.params import load


def made(params, study):
    return jobs(params, study, holdings(params, study))


@pytest.mark.usefixtures("empty")
def test_every_stage_of_the_graph_is_a_job(at):
    params = at("paper").model_copy(update={"run": ("nguyen2021",)})
    assert [job.stage for job in made(params, "nguyen2021")] == [*stages(params).values()]


@pytest.mark.usefixtures("empty")
def test_the_work_of_the_paper_in_closed_form(at):
    by_name = {step.name: step for step in steps(made(at("paper"), "nguyen2021"), Machine(2, 1))}
    assert by_name["train"].units.amount.ends() == (9 * 250_000,) * 2
    tested = 26 + 68 + 325 + 852 + 107 + 271 + 69 + 171  # validation and test
    assert by_name["predict"].units.amount.ends() == (9 * tested, 9 * tested * 51)
    # each site's validation scans in each arm that trains on it, every 500 iterations
    validated = 500 * (5 * 26 + 6 * 325 + 6 * 107 + 2 * 69)
    assert by_name["train"].validated.amount.ends() == (validated, validated)
    assert by_name["train"].device == "cuda"
    assert not by_name["train"].seconds.amount.known
    assert "never timed" in by_name["train"].seconds.amount.source


@pytest.mark.usefixtures("empty")
def test_the_audit_grows_with_the_square_of_the_scans(at):
    by_name = {step.name: step for step in steps(made(at("paper"), "chestxray"), Machine(2, 1))}
    expected = 30.9 * (340_693 / 40_000) ** 2  # benchmarks/RESULTS.md: 40,000 scans in 30.9 s
    assert by_name["audit"].seconds.amount.ends()[0] == pytest.approx(expected, rel=0.01)


@pytest.mark.xdist_group("pages")
def test_a_finished_study_is_estimated_by_what_it_recorded(finished, monkeypatch):
    monkeypatch.chdir(finished)
    trainings = [job for job in made(load(), "nguyen2021") if job.stage.step == "train"]
    recorded = sum(
        json.loads(Path(job.stage.outputs["cost"]).read_text())["wall_seconds"] for job in trainings
    )
    ends = [job.each.times(job.units).ends() for job in trainings]
    low, high = (sum(end[at] for end in ends) for at in (0, 1))
    assert low <= recorded * 1.000001
    assert recorded <= high * 1.000001
    predicted = [job for job in made(load(), "nguyen2021") if job.stage.step == "predict"]
    for job in predicted:
        cost = json.loads(Path(job.stage.outputs["cost"]).read_text())
        assert job.units.ends()[0] == cost["n_scans"]


@pytest.mark.xdist_group("pages")
def test_wall_time_is_the_sum_on_one_core_and_the_longest_job_on_many(finished, monkeypatch):
    monkeypatch.chdir(finished)
    of = [job for job in made(load(), "nguyen2021") if job.stage.step == "train"]
    one, many = (steps(of, Machine(cores, 1))[0] for cores in (1, 100))
    assert one.wall.amount.ends() == pytest.approx(one.seconds.amount.ends())
    longest = max(job.seconds.ends()[1] for job in of)
    assert many.wall.amount.ends()[1] == pytest.approx(longest)
