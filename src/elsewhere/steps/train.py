"""train: the step that trains one run: one arm on one fold with one seed (A-37 to A-43)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from elsewhere.cohorts import cohort
from elsewhere.cohorts.allowance import Allowance
from elsewhere.cohorts.cohort import Cohort, SiteFiles
from elsewhere.design.budgets import Training
from elsewhere.design.job import Job
from elsewhere.design.rows import InputRow, MethodRow, NetworkRow
from elsewhere.files import check_writable, remove
from elsewhere.methods import imported, learnable, record, trained
from elsewhere.methods.fit import Budget
from elsewhere.methods.method import build as build_method
from elsewhere.methods.start import Start, begin
from elsewhere.networks import weights
from elsewhere.networks.network import build as build_network

CHECKPOINTS = Path(".elsewhere/checkpoints")
# of the weights at the least: a checkpoint holds them and their best, and then there is the model
_COPIES = 3


@dataclass(frozen=True)
class Settings:
    """Settings of a training run.

    Attributes
    ----------
    method, network, input
        Rows of `methods`, `networks` and `inputs` of the arm.
    training
        Training half of the row of `budgets`.
    selection
        Part of the scans that chooses the weights: "validation", or "test", which is optimistic.
    classes
        Names of the labels where there are more than two; else empty.
    starts_from
        Arm from whose model of the same fold and seed the training begins (C-20).
    federation
        Folder in data/federations with the model that hospitals trained together.
    """

    method: MethodRow
    network: NetworkRow
    input: InputRow
    training: Training
    selection: str = "validation"
    classes: tuple[str, ...] = ()
    starts_from: str | None = None
    federation: str | None = None


def run(job: Job, settings: Settings) -> None:
    """Train a network on the arm's sites, or record why this is not possible here (A-78).

    An unfinished run leaves a checkpoint outside its outputs; the same job resumes from it. Where
    hospitals have trained the model together, it is taken over.

    Raises
    ------
    elsewhere.methods.learnable.UnlearnableError
        If the scans that are learned from, or those that choose the weights, have one class.
    """
    if settings.federation is not None:
        imported.take_over(job, name=settings.federation)
        return
    check_writable([*job.outputs.values(), CHECKPOINTS / "tried"])
    fold, seed = (int(part) for part in job.wildcards["run"].split("-", 1))
    entries = {"arm": job.wildcards["arm"], "fold": fold, "seed": seed}
    entries["network"] = settings.network.kind
    parts = ("train", settings.selection)
    train, valid = _cohorts(job, fold, parts, settings.classes)
    empty = [site for site, scans in train.items() if not len(scans)]
    if empty:
        _not_run(job, entries | {"reason": f"site {empty[0]} has no data here"})
        return
    learnable.check(train, valid, selection=settings.selection)
    start = _start(job, settings)
    refusal = start.refusal() if start else None
    if refusal is not None:
        _not_run(job, entries | {"reason": refusal})
        return
    n_scans = sum(len(scans) for scans in train.values())
    training = settings.training.of_run(len(train), scans=n_scans)
    budget = Budget(training, settings.input, seed, CHECKPOINTS / _key(job))
    torch.manual_seed(seed)
    method = build_method(settings.method)
    n_outputs = trained.outputs(_findings(train) or settings.classes)
    new_network = build_network(settings.network, settings.input, outputs=n_outputs)
    entries |= begin(new_network, start)
    network = method.adapt(new_network, list(train))
    size = sum(values.nbytes for values in network.state_dict().values())
    check_writable([budget.checkpoint], bytes_needed=_COPIES * size)
    fitted = method.fit(network, train, valid, budget)
    weights.save(fitted.network, job.outputs["model"])
    record.write_history(fitted.history, job.outputs["history"])
    result = record.result(fitted, budget, selection=settings.selection)
    counts = record.scans(train, valid, training, fitted=fitted)
    record.write_json(entries | result | counts, job.outputs["record"])
    record.write_json(record.cost(fitted, training), job.outputs["cost"])


def done(job: Job) -> None:
    """Remove the checkpoint of a run whose outputs are complete."""
    if "index" not in job.inputs:
        return  # a model that was taken over
    remove(CHECKPOINTS / _key(job))


def _cohorts(
    job: Job, fold: int, parts: tuple[str, ...], classes: tuple[str, ...]
) -> list[dict[str, Cohort]]:
    """Return the cohorts of each part by site; all of them share what memory they may take."""
    arrays, splits, allowance = job.paths("arrays"), job.paths("split"), Allowance()
    files = [
        SiteFiles(site, index, arrays[site], splits[site])
        for site, index in job.paths("index").items()
    ]
    return [
        {
            one.site: cohort.load(one, fold=fold, part=part, classes=classes, allowance=allowance)
            for one in files
        }
        for part in parts
    ]


def _start(job: Job, settings: Settings) -> Start | None:
    """Return the run from whose model this one begins, if its arm names one."""
    if settings.starts_from is None:
        return None
    return Start(settings.starts_from, job.path("start_model"), job.path("start_record"))


def _findings(train: dict[str, Cohort]) -> tuple[str, ...]:
    """Return the findings that the network learns; they must be the same at all sites."""
    label_sets = {cohort.findings for cohort in train.values()}
    if len(label_sets) > 1:
        by_site = "; ".join(f"{site}: {', '.join(scans.findings)}" for site, scans in train.items())
        raise ValueError(f"the splits of these sites have different labels: {by_site}; split again")
    return label_sets.pop()


def _not_run(job: Job, entries: dict[str, Any]) -> None:
    weights.save_none(job.outputs["model"])
    record.write_history((), job.outputs["history"])
    record.write_json(entries | {"status": "not run"}, job.outputs["record"])
    record.write_json({"status": "not run"}, job.outputs["cost"])


def _key(job: Job) -> str:
    """Return a key of this job and its input data; the index holds hashes of the arrays.

    A run that starts from another's model begins anew when that model is another.
    """
    files = [*job.paths("index").items(), *job.paths("split").items()]
    if "start_model" in job.inputs:
        files.append(("start_model", job.path("start_model")))
    hashes = [(site, hashlib.sha256(path.read_bytes()).hexdigest()) for site, path in files]
    text = json.dumps([job.digest, sorted(job.wildcards.items()), hashes])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
