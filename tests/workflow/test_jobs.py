"""What a page knows of jobs of both drivers: those that run, that fail, and that a kill ends."""

import time
from collections.abc import Callable

import pytest
from project import Project

from elsewhere.drivers.survey import Looked, Standing, Survey

pytestmark = pytest.mark.slow

SITE = "covid-ct-synthetic"
RUNS, FAILS = (f"score--contrastive--{arm}--{SITE}" for arm in ("single-a", "joint"))
SCORE = """

run_stand_in = run

def run(job, settings):
    import logging

    log = logging.getLogger("elsewhere.steps.score")
    if job.wildcards["arm"] == "joint":
        raise ValueError(f"{job.wildcards['site']}: there is one class only")
    log.info("1 of 3 scans, 0.5 a second, 4 s left")
    run_stand_in(job, settings)
"""


@pytest.fixture
def survey(small: Project, monkeypatch: pytest.MonkeyPatch) -> Survey:
    """One of a finished project, whose code is then changed so that scores wait, or fail."""
    monkeypatch.chdir(small.path)
    found = Survey(small.path)
    assert {standing.state for standing in found.look().standings} == {"done"}
    code = small.path / "src/elsewhere/steps/score.py"
    code.write_text(code.read_text() + SCORE)
    stale = {one.stage.step: one.why for one in found.look().standings if one.state == "stale"}
    assert (
        stale["score"] == "its settings or its code differ" or stale["score"] == "its code differs"
    )
    assert set(stale) == {"score", "figure"}, "and what is made of scores"
    monkeypatch.setenv("STAND_IN_UNTIL", str(small.path.parent / "go on"))
    return found


def of(looked: Looked, name: str) -> Standing:
    return next(one for one in looked.standings if one.stage.name == name)


def wait_until(survey: Survey, holds: Callable[[Looked], bool]) -> Looked:
    until = time.monotonic() + 300
    while not holds(looked := survey.look()):
        assert time.monotonic() < until, looked
        time.sleep(0.2)
    return looked


def test_jobs_of_a_snakemake_that_is_killed(small: Project, survey: Survey) -> None:
    run = small.start("exec snakemake -j8")
    looked = wait_until(
        survey, lambda now: of(now, RUNS).said is not None and "one class" in of(now, FAILS).why
    )
    assert of(looked, FAILS).state == "failed"
    assert (of(looked, RUNS).state, of(looked, RUNS).driver) == ("running", "snakemake")
    assert of(looked, RUNS).said == "1 of 3 scans, 0.5 a second, 4 s left"
    assert of(looked, FAILS).why == f"ValueError: {SITE}: there is one class only"
    assert [(driver.name, driver.process) for driver in looked.drivers] == [("snakemake", run.pid)]
    run.kill()
    run.communicate()
    looked = wait_until(survey, lambda now: of(now, RUNS).state != "running")
    assert looked.drivers == ()
    assert "the Snakemake that started this job is gone" in of(looked, RUNS).why
    assert "running" not in {standing.state for standing in looked.standings}


def test_jobs_of_dvc(small: Project, survey: Survey) -> None:
    failing = small.sh(f"dvc repro -s graph {FAILS}", check=False)
    assert "there is one class only" in failing, "the terminal says it too"
    assert of(survey.look(), FAILS).state == "failed"
    assert of(survey.look(), FAILS).why == f"ValueError: {SITE}: there is one class only"
    run = small.start(f"exec dvc repro -s graph {RUNS}")
    looked = wait_until(survey, lambda now: of(now, RUNS).said is not None)
    assert (of(looked, RUNS).state, of(looked, RUNS).driver) == ("running", "dvc repro")
    assert of(looked, RUNS).said == "1 of 3 scans, 0.5 a second, 4 s left"
    assert [(driver.name, driver.process) for driver in looked.drivers] == [("dvc repro", run.pid)]
    (small.path.parent / "go on").touch()
    run.communicate()
    looked = survey.look()
    assert of(looked, RUNS).state == "done"
    assert looked.drivers == ()
