"""predict: the step that applies all runs of an arm to one site's scans (A-16, A-57)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import pandas as pd

from elsewhere.cohorts import labels
from elsewhere.cohorts.cohort import SiteFiles, patient_key
from elsewhere.design.budgets import Prediction
from elsewhere.design.job import Job
from elsewhere.files import check_writable
from elsewhere.methods import device, record
from elsewhere.methods import run as runs
from elsewhere.methods.application import predicted
from elsewhere.methods.trained import ArmSettings
from elsewhere.progress import reported
from elsewhere.scores import predictions
from elsewhere.unfinished import done as remove_kept
from elsewhere.unfinished import sha256, unfinished

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings(ArmSettings):
    """Settings of the predictions of one cell.

    Where no metric of the study uses Monte-Carlo passes, ``prediction`` is a table without them.
    """

    def __post_init__(self) -> None:
        """Read the table as a prediction without passes."""
        handed: Any = self.prediction
        if not isinstance(handed, Prediction):
            object.__setattr__(self, "prediction", Prediction(**handed))


def run(job: Job, settings: Settings) -> None:
    """Predict the validation and test scans of one cell, or record why this is not possible.

    The predictions have one row per run, part and scan. A step that was stopped goes on with the
    scans that it has not predicted.
    """
    check_writable(job.outputs.values())
    records, site = runs.read(job.paths("record")), job.wildcards["site"]
    index = pd.read_parquet(job.path("index"))
    no_data = f"site {site} has no data here" if index.empty else None
    reason = runs.failure(records) or no_data
    if reason is not None:
        log.warning("%s: not run: %s", job.name, reason)
        status = {"status": "not run", "reason": reason}
        _write(job, pd.DataFrame(columns=predictions.COLUMNS), status, settings.classes)
        record.write_json(status, job.outputs["cost"])
        return
    used = device.prepare(settings.prediction)
    files = SiteFiles(site, job.path("index"), job.path("arrays"), job.path("split"))
    models, applied = job.paths("model"), []
    with unfinished(job) as kept:
        of_site = kept.within(f"{sha256(files.index, files.split)} {device.name(used)} ")
        for name in reported([*records], log, total=len(records), unit="runs"):
            model = runs.Run(name, records[name], models[name], used)
            of_run = of_site.within(f"{name} {sha256(model.model, job.paths('record')[name])} ")
            applied.append(predicted(model, files, settings=settings, kept=of_run))
    selection = next(iter(records.values()))["selection"]
    metadata = {"status": "ok", "selection": selection, "patient_key": patient_key(index)}
    _write(job, pd.concat([of_run.rows for of_run in applied]), metadata, settings.classes)
    seconds = [second for of_run in applied for second in of_run.seconds]
    record.write_json(_cost(seconds, settings.prediction, used), job.outputs["cost"])


def done(job: Job) -> None:
    """Remove what was kept of the predictions of a cell whose outputs are complete."""
    remove_kept(job)


def _write(
    job: Job, rows: pd.DataFrame, metadata: dict[str, str], classes: tuple[str, ...]
) -> None:
    findings = labels.findings_of(pd.read_csv(job.path("split"), nrows=0).columns)
    if findings or classes:
        metadata = {**metadata, "findings": ";".join(findings or classes)}
    if classes:
        metadata["exclusive"] = "yes"
    predictions.write(rows, job.outputs["predictions"], metadata=metadata)


def _cost(seconds: list[float], options: Prediction, used: torch.device) -> dict[str, Any]:
    """Return what the predictions took: the time of one, in s, and the memory, in MB."""
    return {
        "status": "ok",
        "seconds_per_prediction": median(seconds) if seconds else None,
        "n_scans": len(seconds),
        "device": device.name(used),
        "threads": options.threads,
        "peak_memory_mb": device.peak_memory_mb(used),
    }
