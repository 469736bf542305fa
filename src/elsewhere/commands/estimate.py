"""estimate: disk, memory and time of a study by step, before it runs, each with its source."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from elsewhere.commands.estimates import disk, work
from elsewhere.commands.estimates.holding import holdings
from elsewhere.commands.estimates.made import Estimate
from elsewhere.commands.estimates.shown import tables
from elsewhere.commands.estimates.work import Job, Machine
from elsewhere.design import known
from elsewhere.design.amount import (
    DAY_S,
    Total,
    between,
    count,
    duration,
    summed,
    total,
)
from elsewhere.design.params import Params, ParamsError
from elsewhere.figures import paper
from elsewhere.files import whole


@dataclass(frozen=True)
class Wanted:
    """What is asked.

    Attributes
    ----------
    study
        Name of a study.
    scale
        None: that of params.yaml.
    machine
        What works at once.
    slices
        Least and most slices of a CT scan of which nobody states any; None: unknown.
    """

    study: str
    scale: str | None
    machine: Machine
    slices: tuple[int, int] | None = None


def estimate(params: Params, wanted: Wanted) -> Estimate:
    """Return what a study will take; nothing is run and nothing is written.

    Raises
    ------
    ParamsError
        If there is no such study or scale.
    """
    at = _at(params, wanted.study, wanted.scale)
    sites = holdings(at, wanted.study, slices=wanted.slices)
    jobs = work.jobs(at, wanted.study, sites)
    return Estimate(
        study=wanted.study,
        scale=at.scale,
        machine=wanted.machine,
        sites=sites,
        steps=work.steps(jobs, wanted.machine),
        disk=disk.lines(at, wanted.study, sites, jobs),
        beside=_beside(at, wanted.study, jobs),
    )


def show(of: Estimate) -> None:
    """Print the tables; where there is no terminal, wide enough for a file."""
    console = Console(width=None if Console().is_terminal else 160, highlight=False)
    for table in tables(of):
        console.print(table)


def write(of: Estimate, path: Path) -> None:
    """Write the estimate as JSON."""
    with whole(path) as part:
        part.write_text(f"{json.dumps(of.plain(), indent=1)}\n", encoding="utf-8")


def machine(text: str | None) -> Machine:
    """Read the option: ``16,2`` are 16 cores and 2 GPUs; None: this machine, with one GPU.

    Raises
    ------
    ParamsError
        If it is not one or two whole numbers from 1 on.
    """
    numbers = (text or str(os.cpu_count() or 1)).split(",")
    if len(numbers) > 2 or not all(number.isdigit() and int(number) for number in numbers):
        raise ParamsError(f"--on: got '{text}', expected cores and GPUs such as 16,2")
    return Machine(int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else 1)


def slices(text: str | None) -> tuple[int, int] | None:
    """Read the option: ``60-400``, or one number.

    Raises
    ------
    ParamsError
        If it is no range of whole numbers from 1 on.
    """
    if text is None:
        return None
    ends = text.split("-")
    if len(ends) > 2 or not all(end.isdigit() and int(end) for end in ends):
        raise ParamsError(f"--slices: got '{text}', expected numbers such as 60-400")
    return min(map(int, ends)), max(map(int, ends))


def _at(params: Params, study: str, scale: str | None) -> Params:
    if study not in params.studies:
        raise ParamsError(f"no study '{study}'; there are {', '.join(sorted(params.studies))}")
    chosen = scale or params.scale
    if chosen not in params.studies[study].scales:
        known_scales = ", ".join(sorted(params.studies[study].scales))
        raise ParamsError(f"study '{study}' has no scale '{chosen}', it has {known_scales}")
    return params.model_copy(update={"scale": chosen, "run": (study,)})


def _beside(params: Params, study: str, jobs: Sequence[Job]) -> list[tuple[str, str, str]]:
    """Return costs that the paper, or a run elsewhere, states, and the estimate of the same.

    Those of a paper are of a GPU and of its own scale: beside a training on a CPU they say nothing.
    """
    on_gpu = any(job.stage.step == "train" and job.device == "cuda" for job in jobs)
    ours = _costs(jobs) if on_gpu else {}
    listed = [
        row for row in paper.costs(params.studies[study].published) if row["quantity"] in ours
    ]
    rows = [
        (
            f"{row['quantity'].replace('_', ' ')} ({row['requirement']})",
            f"{row['value']}; {row['source']}",
            ours[row["quantity"]],
        )
        for row in listed
    ]
    rows += [
        _validations(float(row["value"]), jobs)
        for row in listed
        if row["quantity"] == "seconds_per_prediction"
    ]
    timed = known.whole(study, params.scale)
    if timed is not None:
        steps = work.steps(jobs, Machine(cores=2, gpus=1))
        wall = summed((step.name, step.wall) for step in steps)
        rows.append(
            ("all steps on two cores", f"{duration(timed)}; {timed.source}", duration(wall))
        )
    return rows


def _validations(seconds: float, jobs: Sequence[Job]) -> tuple[str, str, str]:
    """Return what all validations take at the paper's own seconds a scan."""
    scans = total((job.stage.name, job.validated) for job in jobs)
    days = Total(scans.amount.times(seconds / DAY_S), scans.lacking)
    return f"gpu days of validations, if a scan takes {seconds} s", "not stated", count(days)


def _costs(jobs: Sequence[Job]) -> dict[str, str]:
    """Return the estimate of each cost that `paper.costs` may state (A-49)."""
    trainings = [job for job in jobs if job.stage.step == "train"]
    days = total((job.stage.name, job.seconds.times(1 / DAY_S)) for job in trainings)
    scans = [job.each for job in jobs if job.stage.step == "predict" and job.each.known]
    ends = [end for each in scans for end in each.ends()]
    if days.lacking or not trainings:
        return dict.fromkeys(("gpu_days", "days_per_model", "seconds_per_prediction"), "unknown")
    return {
        "gpu_days": count(days.amount),
        "days_per_model": count(days.amount.times(1 / len(trainings))),
        "seconds_per_prediction": count(between(ends, "")) if ends else "unknown",
    }
