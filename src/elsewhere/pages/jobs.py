"""jobs: the page of a pipeline that runs, of either driver: what is done, runs, failed or waits."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from elsewhere.design.steps import STEPS
from elsewhere.drivers import logs
from elsewhere.drivers.survey import STATES, Looked, Standing, Survey
from elsewhere.pages import shell

SECONDS = {True: 5, False: 20}  # between two looks, while something runs and while nothing does
SHARED = "shared by studies"
_LOOKING = threading.Lock()


@dataclass(frozen=True)
class Job:
    """One stage as the page shows it."""

    name: str
    why: str
    said: str
    driver: str
    when: str
    log: str


def jobs(request: Request) -> Response:
    """Show how all stages stand; the page refreshes itself unless that is stopped."""
    looked, still = _look(request), "still" in request.query_params
    of_state = {state: [*_in(looked, state)] for state in STATES}
    seconds = SECONDS[bool(looked.drivers or of_state["running"])]
    answer = shell.of(request).page(
        "jobs.html.j2",
        looked=looked,
        drivers=[(driver, _when(driver.since)) for driver in looked.drivers],
        totals={state: len(found) for state, found in of_state.items()},
        running=[_job(standing) for standing in of_state["running"]],
        failed=[_job(standing) for standing in of_state["failed"]],
        stale=_by_reason(of_state["stale"]),
        by_step=(by_step := _by_step(looked.standings)),
        columns=_columns(by_step),
        starters=sorted({job.driver for job in of_state["running"] if job.driver}),
        states=STATES,
        seconds=seconds,
        still=still,
    )
    if not still:
        answer.headers["refresh"] = str(seconds)
    return answer


def _look(request: Request) -> Looked:
    """Look with the survey of this server, which remembers what it read; one look at a time."""
    with _LOOKING:
        state = request.app.state
        if not hasattr(state, "survey"):
            state.survey = Survey(shell.of(request).results.root)
        looked: Looked = state.survey.look()
        return looked


def _in(looked: Looked, state: str) -> Iterable[Standing]:
    return (standing for standing in looked.standings if standing.state == state)


def _job(standing: Standing) -> Job:
    return Job(
        name=_name(standing),
        why=standing.why,
        said=standing.said or "nothing yet",
        driver=standing.driver or "unknown",
        when=_when(standing.since),
        log=logs.path(standing.stage).as_posix(),
    )


def _name(standing: Standing) -> str:
    return " ".join([standing.stage.step, *standing.stage.wildcards.values()])


def _by_reason(standings: Iterable[Standing]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for standing in standings:
        found.setdefault(standing.why, []).append(_name(standing))
    return found


def _by_step(standings: Iterable[Standing]) -> dict[str, dict[str, Counter[str]]]:
    """Return step to study to how many stages are in each state, both in order."""
    found: dict[str, dict[str, Counter[str]]] = {}
    for standing in standings:
        study = standing.stage.wildcards.get("study", SHARED)
        of_step = found.setdefault(standing.stage.step, {})
        of_step.setdefault(study, Counter())[standing.state] += 1
    return {step: found[step] for step in STEPS if step in found}


def _columns(by_step: dict[str, dict[str, Counter[str]]]) -> list[str]:
    """Return the studies, after what they share."""
    studies = dict.fromkeys(study for counts in by_step.values() for study in counts)
    return sorted(studies, key=lambda study: study != SHARED)


def _when(seconds: float | None) -> str:
    """Return a time of day, with its date unless it is of today."""
    if seconds is None:
        return "unknown"
    moment = datetime.fromtimestamp(seconds)
    today = moment.date() == datetime.now().date()
    return moment.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S")


routes: list[BaseRoute] = [Route("/jobs", jobs)]
