"""work: the time and memory of every stage of a study, summed by step and device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elsewhere.commands.estimates import measured
from elsewhere.commands.estimates.holding import PARTS, Holding, together
from elsewhere.design import known, paths
from elsewhere.design.amount import Amount, Total, duration, exactly, total, unknown
from elsewhere.design.graph import stages
from elsewhere.design.known import Rate
from elsewhere.design.params import Params
from elsewhere.design.stage import Stage
from elsewhere.design.train_stages import runs_of, training_sites

UNITS = {
    **dict.fromkeys(("ingest", "prepare", "outline", "audit", "split"), "scans"),
    **{"train": "iterations", "predict": "scans", "score": "scans"},
}
WITHIN = ("prepare", "outline")  # jobs that are parallel over scans, see `workers`


@dataclass(frozen=True)
class Job:
    """One stage of the graph.

    Attributes
    ----------
    stage
        What is run.
    device, threads
        Where: of a GPU, the GPU counts; else the CPU threads.
    units
        Iterations, scans or stages that it works through.
    validated
        Scans of all validations of a training, which its seconds include; else 0.
    each
        Seconds of an iteration, scan, pair of scans or stage.
    seconds, memory
        Of the job; memory in bytes.
    """

    stage: Stage
    device: str
    threads: int
    units: Amount
    validated: Amount
    each: Amount
    seconds: Amount
    memory: Amount


@dataclass(frozen=True)
class Step:
    """All jobs of a step on one kind of device."""

    name: str
    device: str
    jobs: int
    unit: str
    units: Total
    validated: Total
    seconds: Total
    wall: Total
    memory: Amount

    def plain(self) -> dict[str, Any]:
        """Return the step for JSON."""
        return {
            **{name: getattr(self, name) for name in ("name", "device", "jobs", "unit")},
            **{
                name: getattr(self, name).plain()
                for name in ("units", "validated", "seconds", "wall")
            },
            "memory": self.memory.plain(),
        }


@dataclass(frozen=True)
class Machine:
    """What works at once."""

    cores: int
    gpus: int

    def slots(self, jobs: Sequence[Job]) -> int:
        """Return how many of these jobs run at a time."""
        at_once = self.gpus if jobs[0].device == "cuda" else self.cores // jobs[0].threads
        return min(len(jobs), max(1, at_once))


class Bench:
    """Turns stages into jobs: what was measured here counts before the table.

    Parameters
    ----------
    params
        At the scale that is asked about.
    sites
        Its sites by row of `sites`, as from `holding.holdings`.
    """

    def __init__(self, params: Params, sites: Mapping[str, Holding]) -> None:
        self.params, self.sites = params, sites
        self.finished = measured.finished(params)

    def job(self, stage: Stage) -> Job:
        """Return what a stage costs."""
        half = self._half(stage)
        device = half.device if half else "cpu"
        units = self._units(stage)
        facts = known.facts(stage, scale=self.params.scale, device=device)
        rate = self._rate(stage, facts)
        each = rate.seconds if rate else self._without(stage, facts)
        return Job(
            stage=stage,
            device=device,
            threads=half.threads if half else 1,
            units=units,
            validated=self._validated(stage),
            each=each,
            seconds=_seconds(stage, units, rate) if rate else each,
            memory=_memory(units, rate),
        )

    def _rate(self, stage: Stage, facts: Mapping[str, str]) -> Rate | None:
        step, study, arm = (facts.get(name, "") for name in ("step", "study", "arm"))
        here = measured.of_scans(step, stage.wildcards)
        if step in ("train", "predict"):
            of = measured.alike(self.params, step, study, arm)
            here = measured.rate(of, "iteration" if step == "train" else "scan", self.finished)
        return here or known.rate(facts)

    def _without(self, stage: Stage, facts: Mapping[str, str]) -> Amount:
        """Say why a time is unknown, and what a CPU takes if that is known."""
        reason = f"{stage.step} on {facts['device']} was never timed at this size"
        on_cpu = known.rate({**facts, "device": "cpu"})
        if facts["device"] == "cuda" and on_cpu is not None:
            time = duration(on_cpu.seconds)
            reason += f" (on a CPU {time} per {on_cpu.of}, {on_cpu.seconds.source})"
        return unknown(reason)

    def _half(self, stage: Stage) -> Any:
        """Return the half of the budget that a job uses; None if it needs no network."""
        if stage.step not in ("train", "predict", "explain", "localise"):
            return None
        budget = self.params.budgets[self.params.budget_of(*self._arm(stage))]
        return budget.training if stage.step == "train" else budget.prediction

    def _arm(self, stage: Stage) -> tuple[str, str]:
        return stage.wildcards["study"], stage.wildcards["arm"]

    def _units(self, stage: Stage) -> Amount:
        if stage.step == "train":
            return self._iterations(*self._arm(stage))
        if stage.step in ("predict", "score"):
            return self._tested(stage)
        if stage.step == "audit":
            return _every(self.sites)
        if stage.step in UNITS:
            return self.sites[stage.wildcards["site"]].scans
        return exactly(1, "graph")

    def _iterations(self, study: str, arm: str) -> Amount:
        rows = training_sites(self.params, study, arm)
        parts = {row: self.sites[row].parts["train"] for row in rows}
        budget = self.params.budgets[self.params.budget_of(study, arm)].training
        method = self.params.methods[self.params.method_of(study, arm)]
        if method.in_rounds or isinstance(budget.iterations_per, int):
            for part in parts.values():
                if not part.known:
                    return part
        scans = {row: part.high or 0.0 for row, part in parts.items()}
        source = f"budgets.{self.params.budget_of(study, arm)}"
        return exactly(measured.iterations(self.params, study, arm, scans), source)

    def _validated(self, stage: Stage) -> Amount:
        """Return the scans of all validations of a run (A-42)."""
        if stage.step != "train":
            return exactly(0, "not a training")
        study, arm = self._arm(stage)
        training = self.params.budgets[self.params.budget_of(study, arm)].training
        method: Any = self.params.methods[self.params.method_of(study, arm)]
        often = training.iterations // training.validate_every
        part = self.params.studies[study].arms[arm].selection
        rows = training_sites(self.params, study, arm)
        scans = together(self.sites, rows, parts=[part])
        return scans.times(exactly(method.rounds if method.in_rounds else often, ""))

    def _tested(self, stage: Stage) -> Amount:
        """Return the validation and test scans of a cell, once for each run and pass."""
        study, arm = self._arm(stage)
        site = stage.wildcards["site"]
        rows = {
            paths.INTERNAL: training_sites(self.params, study, arm),
            paths.COMBINED: [*self.sites],
        }.get(site, [site])
        own = self.params.studies[study].arms[arm]
        runs = len(runs_of(self.params, study, own.models_of or arm))
        scans = together(self.sites, rows, parts=PARTS[1:]).times(exactly(runs, "runs"))
        return scans.times(self._passes(stage)) if stage.step == "predict" else scans

    def _passes(self, stage: Stage) -> Amount:
        """Return how often a scan is predicted: once, and where that is used once a pass (A-57)."""
        passes = self._half(stage).mc_passes if isinstance(stage.settings["prediction"], str) else 0
        source = "passes are of test scans alone, where both classes are" if passes else ""
        return Amount(1, 1 + passes, source)


def jobs(params: Params, study: str, sites: Mapping[str, Holding]) -> list[Job]:
    """Return every stage of a study as a job, in the order of the graph."""
    bench = Bench(params, sites)
    graph = stages(params.model_copy(update={"run": (study,)}))
    return [bench.job(stage) for stage in graph.values()]


def steps(of: Sequence[Job], machine: Machine) -> list[Step]:
    """Return the jobs by step and device, in the order of the graph."""
    keys = dict.fromkeys((job.stage.step, job.device) for job in of)
    return [
        _step([job for job in of if (job.stage.step, job.device) == key], machine) for key in keys
    ]


def _step(of: Sequence[Job], machine: Machine) -> Step:
    first = of[0]
    seconds = total((_name(job.stage), job.seconds) for job in of)
    memory = [job.memory for job in of if job.memory.known]
    most = max(memory, key=lambda amount: amount.ends()[1]) if memory else of[0].memory
    return Step(
        name=first.stage.step,
        device=first.device,
        jobs=len(of),
        unit=UNITS.get(first.stage.step, "stages"),
        units=total((_name(job.stage), job.units) for job in of),
        validated=total((_name(job.stage), job.validated) for job in of),
        seconds=seconds,
        wall=_wall(of, seconds, machine),
        memory=most,
    )


def _wall(of: Sequence[Job], seconds: Total, machine: Machine) -> Total:
    """Return the time of jobs that run side by side, at least that of the longest.

    Jobs that divide their scans among all cores run one after the other.
    """
    if not seconds.amount.known:
        return seconds
    within = of[0].stage.step in WITHIN
    slots = machine.cores if within else machine.slots(of)
    ends = [(0.0, 0.0)] if within else [job.seconds.ends() for job in of if job.seconds.known]
    sums = [end / slots for end in seconds.amount.ends()]
    low, high = (max(sums[at], *(end[at] for end in ends)) for at in (0, 1))
    return Total(Amount(low, high, f"{slots} at a time"), seconds.lacking)


def _name(stage: Stage) -> str:
    """Return what tells a stage from the others of its step."""
    own = [text for name, text in stage.wildcards.items() if name != "study"]
    return "/".join(own or stage.wildcards.values())


def _seconds(stage: Stage, units: Amount, rate: Rate) -> Amount:
    if rate.of == "stage":
        return rate.seconds
    work = rate.seconds.times(units)
    if rate.of == "pair":
        work = work.times(units)
    begin = known.start(stage.step)
    return work if begin is None else work.plus(begin)


def _memory(units: Amount, rate: Rate | None) -> Amount:
    if rate is None:
        return unknown("never measured at this size")
    if rate.memory_of_scan:
        return units.times(exactly(rate.memory_of_scan, rate.seconds.source))
    return rate.memory


def _every(sites: Mapping[str, Holding]) -> Amount:
    """Return the scans of all sites; unknown if those of one are."""
    found = total((row, site.scans) for row, site in sites.items())
    if found.lacking:
        return next(site.scans for site in sites.values() if not site.scans.known)
    return found.amount
