"""estimate: disk, memory and time of a study by step, before it runs, each with its source."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from elsewhere.commands.estimates import disk, known, work
from elsewhere.commands.estimates.amount import (
    DAY_S,
    Amount,
    Total,
    count,
    duration,
    size,
    total,
)
from elsewhere.commands.estimates.holding import PARTS, Holding, holdings
from elsewhere.commands.estimates.work import Job, Machine, Step
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


@dataclass(frozen=True)
class Estimate:
    """What a study will take."""

    study: str
    scale: str
    machine: Machine
    sites: Mapping[str, Holding]
    steps: Sequence[Step]
    disk: Sequence[disk.Line]
    beside: Sequence[tuple[str, str, str]]

    def sums(self) -> dict[str, Total]:
        """Return disk, wall time, and the hours of GPUs and CPUs, all steps together."""
        by_device = {
            f"{device}_seconds": _sum(
                (step.name, step.seconds) for step in self.steps if step.device == device
            )
            for device in dict.fromkeys(step.device for step in self.steps)
        }
        return {
            "disk": total((f"{line.what} of {line.of}", line.bytes) for line in self.disk),
            **by_device,
            "wall": _sum((step.name, step.wall) for step in self.steps),
        }

    def plain(self) -> dict[str, Any]:
        """Return the estimate for JSON: seconds and bytes, each with its source."""
        return {
            "study": self.study,
            "scale": self.scale,
            "cores": self.machine.cores,
            "gpus": self.machine.gpus,
            "sites": {row: _site(site) for row, site in self.sites.items()},
            "steps": [step.plain() for step in self.steps],
            "disk": [line.plain() for line in self.disk],
            "sums": {name: sums.plain() for name, sums in self.sums().items()},
            "beside": [
                {"quantity": quantity, "published": stated, "estimate": ours}
                for quantity, stated, ours in self.beside
            ],
        }


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


def tables(of: Estimate) -> Iterator[Table]:
    """Yield what the terminal shows: scans, steps, disk, and the paper's own figures."""
    yield _scans(of)
    yield _steps(of)
    yield _disk(of)
    if of.beside:
        table = Table("quantity", "stated", "estimate", title="Beside what others state")
        for row in of.beside:
            table.add_row(*row)
        yield table


def show(of: Estimate) -> None:
    """Print the tables; where there is no terminal, wide enough for a file."""
    console = Console(width=None if Console().is_terminal else 160, highlight=False)
    for table in tables(of):
        console.print(table)


def write(of: Estimate, path: Path) -> None:
    """Write the estimate as JSON."""
    with whole(path) as part:
        part.write_text(f"{json.dumps(of.plain(), indent=1)}\n", encoding="utf-8")


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


def _site(site: Holding) -> dict[str, Any]:
    own = {name: getattr(site, name).plain() for name in ("scans", "slices", "voxels")}
    return own | {part: site.parts[part].plain() for part in PARTS}


def _sum(named: Iterator[tuple[str, Total]]) -> Total:
    """Return the sum of totals; what lacks in one lacks in the sum."""
    listed = list(named)
    whole_sum = total((name, one.amount) for name, one in listed)
    lacking = [name for name, one in listed if one.lacking or not one.amount.known]
    return Total(whole_sum.amount, tuple(dict.fromkeys(lacking)))


def _beside(params: Params, study: str, jobs: Sequence[Job]) -> list[tuple[str, str, str]]:
    """Return costs that the paper, or a run elsewhere, states, and the estimate of the same."""
    trainings = [job for job in jobs if job.stage.step == "train"]
    seconds = total((job.stage.name, job.seconds) for job in trainings)
    ours = {
        "gpu_days": _days(seconds.amount),
        "days_per_model": _days(seconds.amount.times(1 / max(1, len(trainings)))),
    }
    rows = [
        (
            f"{row['quantity'].replace('_', ' ')} ({row['requirement']})",
            f"{row['value']}; {row['source']}",
            ours.get(row["quantity"], "not estimated"),
        )
        for row in paper.costs(params.studies[study].published)
        if row["quantity"] != "epochs"
    ]
    timed = known.whole(study, params.scale)
    if timed is not None:
        wall = _sum((step.name, step.wall) for step in work.steps(jobs, Machine(2, 1)))
        rows.append(
            ("all steps on two cores", f"{duration(timed)}; {timed.source}", duration(wall))
        )
    return rows


def _days(amount: Amount) -> str:
    if not amount.known:
        return f"unknown: {amount.source}"
    low, high = (end / DAY_S for end in amount.ends())
    return count(Amount(low, high, ""))


def _scans(of: Estimate) -> Table:
    table = Table(title=f"{of.study} at scale {of.scale}: scans")
    table.add_column("site")
    for name in ("scans", "slices", *PARTS):
        table.add_column(name, justify="right")
    table.add_column("from")
    for site in of.sites.values():
        parts = [count(site.parts[part]) for part in PARTS]
        source = site.scans.source if site.slices.known else site.slices.source
        table.add_row(site.row, count(site.scans), count(site.slices), *parts, source)
    return table


def _steps(of: Estimate) -> Table:
    title = f"steps; wall time with {of.machine.cores} cores and {of.machine.gpus} GPUs"
    table = Table(title=title, show_footer=True)
    sums = of.sums()
    hours = [f"{name[:-8]} {duration(one)}" for name, one in sums.items() if "seconds" in name]
    table.add_column("step", footer="all steps")
    table.add_column("jobs, there", justify="right")
    table.add_column("work", justify="right")
    table.add_column("device time", justify="right", footer="\n".join(hours))
    table.add_column("wall time", justify="right", footer=duration(sums["wall"]))
    table.add_column("memory of a job", justify="right")
    table.add_column("from, and what is unknown")
    for step in of.steps:
        table.add_row(
            step.name,
            f"{step.jobs}, {step.done}",
            f"{count(step.units)} {step.unit}",
            f"{step.device} {duration(step.seconds)}",
            duration(step.wall),
            size(step.memory),
            _source(step.seconds),
        )
    return table


def _disk(of: Estimate) -> Table:
    everything = of.sums()["disk"]
    table = Table(title="disk", show_footer=True)
    table.add_column("what", footer="all")
    table.add_column("of")
    table.add_column("size", justify="right", footer=size(everything))
    lacking = f"without {', '.join(everything.lacking)}" if everything.lacking else ""
    table.add_column("from", footer=lacking)
    for line in of.disk:
        table.add_row(line.what, line.of, size(line.bytes), line.bytes.source)
    return table


def _source(seconds: Total) -> str:
    if not seconds.lacking or not seconds.amount.known:
        return seconds.amount.source
    shown = ", ".join(seconds.lacking[:3])
    more = f" and {len(seconds.lacking) - 3} more" if len(seconds.lacking) > 3 else ""
    return f"{seconds.amount.source}; unknown: {shown}{more}"
