"""predict: the step that applies all runs of an arm to one site's scans (A-16, A-57)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import pandas as pd
import torch

from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.cohorts.labels import findings_of
from elsewhere.design.arm import Unseen
from elsewhere.design.budgets import Prediction
from elsewhere.design.job import Job
from elsewhere.design.rows import InputRow, MethodRow, NetworkRow
from elsewhere.methods import device, record, trained
from elsewhere.methods.prediction import predict, sample
from elsewhere.progress import reported
from elsewhere.scores import predictions

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """Settings of the predictions of one cell.

    Attributes
    ----------
    method, network
        Rows of `methods` and `networks` of the arm.
    input
        Row of `inputs`.
    prediction
        The prediction half of the budget.
    unseen
        Policy for a site not seen in training, where sites have their own layers (D-44).
    anonymous
        Whether the training sites are treated as not seen in training, too.
    """

    method: MethodRow
    network: NetworkRow
    input: InputRow
    prediction: Prediction
    unseen: Unseen | None = None
    anonymous: bool = False


@dataclass(frozen=True)
class _Run:
    """One trained model of the arm: its name, such as "0-643", its record and its device."""

    name: str
    record: Mapping[str, Any]
    device: torch.device

    @property
    def fold(self) -> int:
        return int(self.name.split("-")[0])

    @property
    def seed(self) -> int:
        return int(self.name.split("-")[1])


def run(job: Job, settings: Settings) -> None:
    """Predict the validation and test scans of one cell, or record why this is not possible.

    The predictions have one row per run, part and scan.
    """
    runs = {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name, path in job.paths("record").items()
    }
    index = pd.read_parquet(job.path("index"))
    findings = findings_of(pd.read_csv(job.path("split"), nrows=0).columns)
    findings_entry = {"findings": ";".join(findings)} if findings else {}
    reason = _not_run_reason(runs, index, job.wildcards["site"])
    if reason is not None:
        log.warning("%s: not run: %s", job.name, reason)
        empty = pd.DataFrame(columns=predictions.COLUMNS)
        metadata = {"status": "not run", "reason": reason, **findings_entry}
        predictions.write(empty, job.outputs["predictions"], metadata=metadata)
        record.write_json({"status": "not run", "reason": reason}, job.outputs["cost"])
        return
    current_device = device.prepare(settings.prediction)
    frames: list[pd.DataFrame] = []
    seconds: list[float] = []
    for name in reported(
        sorted(runs, key=lambda name: [int(part) for part in name.split("-")]),
        log,
        total=len(runs),
        unit="runs",
    ):
        rows, scan_seconds = _predicted(job, settings, _Run(name, runs[name], current_device))
        frames.append(rows)
        seconds += scan_seconds
    selection = next(iter(runs.values()))["selection"]
    metadata = {
        "status": "ok",
        "selection": selection,
        "patient_key": _patient_key(index),
        **findings_entry,
    }
    predictions.write(pd.concat(frames), job.outputs["predictions"], metadata=metadata)
    cost = {
        "status": "ok",
        "seconds_per_prediction": median(seconds) if seconds else None,
        "n_scans": len(seconds),
        "device": device.name(current_device),
        "threads": settings.prediction.threads,
        "peak_memory_mb": device.peak_memory_mb(current_device),
    }
    record.write_json(cost, job.outputs["cost"])


def _predicted(job: Job, settings: Settings, run: _Run) -> tuple[pd.DataFrame, tuple[float, ...]]:
    """Return the predictions of one run, and the seconds that each scan took."""
    site = job.wildcards["site"]
    files = SiteFiles(site, job.path("index"), job.path("arrays"), job.path("split"))
    parts = {part: cohort.load(files, fold=run.fold, part=part) for part in ("validation", "test")}
    options = trained.inference_options(
        settings, site=site, sites=run.record["n_train"], device=run.device
    )
    options = replace(options, findings=parts["test"].findings)
    network = trained.load(
        job.paths("model")[run.name],
        settings=settings,
        sites=run.record["n_train"],
        scans=parts["test"] if len(parts["test"]) else parts["validation"],
        options=options,
    )
    frames: list[pd.DataFrame] = []
    seconds: tuple[float, ...] = ()
    for part, scans in parts.items():
        predicted = predict(network, scans, options=options)
        rows = predicted.rows.assign(fold=run.fold, seed=run.seed, part=part)
        if part == "test" and settings.prediction.mc_passes:
            passes = sample(
                network, scans, prediction=settings.prediction, seed=run.seed, options=options
            )
            rows["mc_probability"] = pd.Series(passes, index=rows.index, dtype=object)
        frames.append(rows)
        seconds += predicted.seconds
    return pd.concat(frames), seconds


def _not_run_reason(
    runs: Mapping[str, Mapping[str, Any]], index: pd.DataFrame, site: str
) -> str | None:
    """Return why this cell cannot be predicted: a model is missing or the site has no scan."""
    for run_record in runs.values():
        if run_record["status"] != "ok":
            return str(run_record["reason"])
    return f"site {site} has no data here" if index.empty else None


def _patient_key(index: pd.DataFrame) -> str:
    """Return whether patient keys are published; without them each scan is its own patient."""
    return "none" if (index["patient_id"] == index["scan_id"]).any() else "published"
