"""demand: what a job asks of a cluster: threads, GPUs, memory and time.

None of it changes a result, so no step imports this module and nothing here makes a result stale.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from elsewhere.design import known
from elsewhere.design.budgets import Prediction, Training
from elsewhere.design.known import Rate
from elsewhere.design.params import Params
from elsewhere.design.stage import Stage

LONGEST_MIN = 24 * 60  # what most clusters let a job run; the next attempt goes on from there
_CACHE_MB = 4096  # scans that a training keeps, see `cohorts.allowance`, where no size is set
_GPU_MB = 6000  # what the CUDA libraries, and copies on their way to the card, take on the host
_SPARE = 1.5  # times the memory that was measured: a job that takes more is killed
_LOOKED_AT, _IF_MORE = 2000, 16  # files of a site that DVC does not track
_RAW_MB_OF_CORE = 1000  # of fewer raw files a second core would not be worth its start
_MOST_CORES = {"ingest": 4, "prepare": 16, "outline": 16}  # of a large site
_SCAN_MB = {"ingest": 1500, "prepare": 2800, "outline": 2800}  # of each core after the first
_RAW_SIZE = re.compile(r"^\s+(?:- )?size: (\d+)$", re.M)

# Memory in MB and minutes of a job whose size the settings do not tell.
_DECLARED = {
    "ingest": (4000, 60),
    "prepare": (6000, 60),
    "outline": (6000, 60),
    "audit": (12_000, 120),  # 26.5 kB for each of 340,693 radiographs
    "split": (2000, 20),
    "train": (3000, 60),
    "predict": (6000, 240),  # 4.1 GB of a volume of 300 slices, see benchmarks/RESULTS.md
    "explain": (6000, 240),
    "localise": (6000, 240),
    "score": (2000, 60),
    "figure": (6000, 120),
}
_OTHER = (4000, 60)


@dataclass(frozen=True)
class Demand:
    """What one job asks for.

    Attributes
    ----------
    threads
        Cores.
    gpu
        GPUs: 0 or 1.
    mem_mb
        Memory of the host, in MB.
    runtime
        Minutes after which the cluster may end it.
    """

    threads: int
    gpu: int
    mem_mb: int
    runtime: int


def of(params: Params, stage: Stage, *, attempt: int = 1) -> Demand:
    """Return what a job asks for.

    Parameters
    ----------
    params
        The settings: a budget knows threads, device and iterations.
    stage
        What the job makes.
    attempt
        Of this job, from 1; each one after a failure gets more memory and time.
    """
    memory, minutes = _DECLARED.get(stage.step, _OTHER)
    budget = _budget(params, stage)
    gpu = int(budget is not None and budget.device == "cuda")
    facts = known.facts(stage, scale=params.scale, device=budget.device if budget else "cpu")
    rate = known.rate(facts)
    if rate is not None and rate.memory.known:
        memory = max(memory, int(rate.memory.ends()[1] * _SPARE / 1e6))
    if isinstance(budget, Training):
        sites = _training_sites(params, stage)
        stated = params.machine.cache_gb
        memory += _CACHE_MB if stated is None else int(stated * 1000)
        whole = budget.of_run(sites, scans=0) if budget.iterations_per == "site" else budget
        minutes += int(whole.iterations * _iteration_s(rate) / 60)
    threads = cores(params, stage)
    if stage.step in _MOST_CORES:
        raw_mb = _raw_mb(stage.wildcards["site"])
        memory += (threads - 1) * _SCAN_MB[stage.step]
        minutes += int(raw_mb * known.slow("raw_mb").ends()[1] / 60 / threads)
    return Demand(
        threads=threads,
        gpu=gpu,
        mem_mb=(memory + gpu * _GPU_MB) * attempt,
        runtime=min(minutes * attempt, LONGEST_MIN),
    )


def cores(params: Params, stage: Stage) -> int:
    """Return the cores of a job; every job asks for this alone, so no table of rates is read."""
    if stage.step in _MOST_CORES:
        raw_mb = _raw_mb(stage.wildcards["site"])
        return min(_MOST_CORES[stage.step], 1 + int(raw_mb / _RAW_MB_OF_CORE))
    budget = _budget(params, stage)
    return budget.threads if budget else 1


def _iteration_s(rate: Rate | None) -> float:
    """Return the most that an iteration is known to take; else the paper's own time."""
    timed = rate is not None and rate.of == "iteration"
    return (rate.seconds if rate and timed else known.slow("iteration")).ends()[1]


def _budget(params: Params, stage: Stage) -> Training | Prediction | None:
    """Return the settings of a job that runs a network."""
    if stage.step not in ("train", "predict", "explain", "localise"):
        return None
    name = params.budget_of(stage.wildcards["study"], stage.wildcards["arm"])
    budget = params.budgets[name]
    return budget.training if stage.step == "train" else budget.prediction


def _training_sites(params: Params, stage: Stage) -> int:
    return len(params.studies[stage.wildcards["study"]].arms[stage.wildcards["arm"]].sites)


def _raw_mb(site: str, folder: Path = Path("data/raw")) -> float:
    """Return how large a site's raw files are: as DVC noted it, or else by a look at the first."""
    note = folder / f"{site}.dvc"
    if note.is_file():
        found = _RAW_SIZE.search(note.read_text(encoding="utf-8"))
        return int(found[1]) / 1e6 if found else 0.0
    return _seen_mb((folder / site).absolute())


@cache
def _seen_mb(folder: Path) -> float:
    """Return the size of up to so many files, so that planning is quick; a multiple if of more."""
    files = (Path(above) / name for above, _, names in os.walk(folder) for name in names)
    sizes = [path.stat().st_size for path in islice(files, _LOOKED_AT) if path.is_file()]
    factor = _IF_MORE if next(files, None) is not None else 1
    return factor * sum(sizes) / 1e6
