"""predict: the step that applies all runs of an arm to one site's scans (A-16, A-57)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from statistics import median

import pandas as pd

from elsewhere.cohorts import labels
from elsewhere.cohorts.cohort import SiteFiles, patient_key
from elsewhere.design.arm import Unseen
from elsewhere.design.budgets import Prediction
from elsewhere.design.job import Job
from elsewhere.design.rows import InputRow, MethodRow, NetworkRow
from elsewhere.methods import device, record
from elsewhere.methods import run as runs
from elsewhere.methods.application import predicted
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


def run(job: Job, settings: Settings) -> None:
    """Predict the validation and test scans of one cell, or record why this is not possible.

    The predictions have one row per run, part and scan.
    """
    records, site = runs.read(job.paths("record")), job.wildcards["site"]
    index = pd.read_parquet(job.path("index"))
    findings = labels.findings_of(pd.read_csv(job.path("split"), nrows=0).columns)
    findings_entry = {"findings": ";".join(findings)} if findings else {}
    no_data = f"site {site} has no data here" if index.empty else None
    reason = runs.failure(records) or no_data
    if reason is not None:
        log.warning("%s: not run: %s", job.name, reason)
        status = {"status": "not run", "reason": reason}
        empty = pd.DataFrame(columns=predictions.COLUMNS)
        predictions.write(empty, job.outputs["predictions"], metadata={**status, **findings_entry})
        record.write_json(status, job.outputs["cost"])
        return
    device_used = device.prepare(settings.prediction)
    files = SiteFiles(site, job.path("index"), job.path("arrays"), job.path("split"))
    predictions_of_runs = [
        predicted(
            runs.Run(name, records[name], job.paths("model")[name], device_used),
            files,
            settings=settings,
        )
        for name in reported([*records], log, total=len(records), unit="runs")
    ]
    selection = next(iter(records.values()))["selection"]
    patient_keys = patient_key(index)
    metadata = {
        "status": "ok",
        "selection": selection,
        "patient_key": patient_keys,
        **findings_entry,
    }
    rows = pd.concat([of_run.rows for of_run in predictions_of_runs])
    predictions.write(rows, job.outputs["predictions"], metadata=metadata)
    seconds = [second for of_run in predictions_of_runs for second in of_run.seconds]
    cost = {
        "status": "ok",
        "seconds_per_prediction": median(seconds) if seconds else None,
        "n_scans": len(seconds),
        "device": device.name(device_used),
        "threads": settings.prediction.threads,
        "peak_memory_mb": device.peak_memory_mb(device_used),
    }
    record.write_json(cost, job.outputs["cost"])
