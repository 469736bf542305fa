"""train: one run: an arm on one fold from one seed (A-37 to A-43)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import Cohort, SiteFiles
from elsewhere.design.budgets import Training
from elsewhere.design.job import Job
from elsewhere.design.rows import InputRow, MethodRow, NetworkRow
from elsewhere.files import remove
from elsewhere.methods import record, trained
from elsewhere.methods.fit import Budget
from elsewhere.methods.method import build as build_method
from elsewhere.networks import weights
from elsewhere.networks.network import build as build_network

CHECKPOINTS = Path(".elsewhere/checkpoints")


@dataclass(frozen=True)
class Settings:
    """What a run is made of.

    Attributes
    ----------
    selection
        Part of the scans that chooses the weights: "validation", or "test", which is optimistic.
    """

    method: MethodRow
    network: NetworkRow
    input: InputRow
    training: Training
    selection: str = "validation"


def run(job: Job, settings: Settings) -> None:
    """Train a network on the arm's sites, or say why this cannot be done here (A-78).

    An unfinished run leaves a checkpoint outside its outputs; the same job goes on from there.
    """
    fold, seed = (int(part) for part in job.wildcards["run"].split("-", 1))
    named = {"arm": job.wildcards["arm"], "fold": fold, "seed": seed}
    named["network"] = settings.network.kind
    train, valid = _cohorts(job, fold, "train"), _cohorts(job, fold, settings.selection)
    empty = [site for site, scans in train.items() if not len(scans)]
    if empty:
        _not_run(job, named | {"reason": f"site {empty[0]} has no data here"})
        return
    training = settings.training.of_run(len(train))
    budget = Budget(training, settings.input, seed, CHECKPOINTS / _key(job))
    torch.manual_seed(seed)
    method = build_method(settings.method)
    size = trained.outputs(_findings(train))
    fresh = build_network(settings.network, settings.input, outputs=size)
    pretrained = fresh.load_pretrained()
    if pretrained is not None:
        named["pretrained_sha256"] = pretrained
    network = method.adapt(fresh, list(train))
    fitted = method.fit(network, train, valid, budget)
    weights.save(fitted.network, job.outputs["model"])
    record.write_history(fitted.history, job.outputs["history"])
    result = record.result(fitted, budget, selection=settings.selection)
    seen = record.scans(train, valid, training)
    record.write_json(named | result | seen, job.outputs["record"])
    record.write_json(record.cost(fitted, training), job.outputs["cost"])


def done(job: Job) -> None:
    """Remove the checkpoint of a run whose outputs may be recorded."""
    remove(CHECKPOINTS / _key(job))


def _cohorts(job: Job, fold: int, part: str) -> dict[str, Cohort]:
    arrays, splits = job.paths("arrays"), job.paths("split")
    files = [
        SiteFiles(site, index, arrays[site], splits[site])
        for site, index in job.paths("index").items()
    ]
    return {one.site: cohort.load(one, fold=fold, part=part) for one in files}


def _findings(train: dict[str, Cohort]) -> tuple[str, ...]:
    """Return the labels that the network learns: those of every site, in one order."""
    found = {cohort.findings for cohort in train.values()}
    if len(found) > 1:
        each = "; ".join(f"{site}: {', '.join(scans.findings)}" for site, scans in train.items())
        raise ValueError(f"the splits of these sites have different labels: {each}; split again")
    return found.pop()


def _not_run(job: Job, named: dict[str, Any]) -> None:
    weights.save_none(job.outputs["model"])
    record.write_history((), job.outputs["history"])
    record.write_json(named | {"status": "not run"}, job.outputs["record"])
    record.write_json({"status": "not run"}, job.outputs["cost"])


def _key(job: Job) -> str:
    """Name this job and all it reads: prepared arrays are told by the hashes in their index."""
    files = [*job.paths("index").items(), *job.paths("split").items()]
    hashes = [(site, hashlib.sha256(path.read_bytes()).hexdigest()) for site, path in files]
    text = json.dumps([job.digest, sorted(job.wildcards.items()), hashes])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
