"""predict: every run of an arm on one site's validation and test parts (A-16, A-57)."""

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
    """What predictions depend on, beside the models.

    Attributes
    ----------
    method, network
        Rows of `methods` and `networks` of the arm.
    input
        Row of `inputs`.
    prediction
        The prediction half of the budget.
    unseen
        Treatment of a site that has no layers of its own in a network whose sites have (D-44).
    anonymous
        Treat every site so.
    """

    method: MethodRow
    network: NetworkRow
    input: InputRow
    prediction: Prediction
    unseen: Unseen | None = None
    anonymous: bool = False


def run(job: Job, settings: Settings) -> None:
    """Predict one cell: a row for each run, part and scan, or none and the reason why."""
    records, site = runs.read(job.paths("record")), job.wildcards["site"]
    index = pd.read_parquet(job.path("index"))
    findings = labels.findings_of(pd.read_csv(job.path("split"), nrows=0).columns)
    named = {"findings": ";".join(findings)} if findings else {}
    no_data = f"site {site} has no data here" if index.empty else None
    reason = runs.failure(records) or no_data
    if reason is not None:
        log.warning("%s: not run: %s", job.name, reason)
        status = {"status": "not run", "reason": reason}
        empty = pd.DataFrame(columns=predictions.COLUMNS)
        predictions.write(empty, job.outputs["predictions"], metadata={**status, **named})
        record.write_json(status, job.outputs["cost"])
        return
    where = device.prepare(settings.prediction)
    files = SiteFiles(site, job.path("index"), job.path("arrays"), job.path("split"))
    each = [
        predicted(
            runs.Run(name, records[name], job.paths("model")[name], where), files, applied=settings
        )
        for name in reported([*records], log, total=len(records), unit="runs")
    ]
    selection = next(iter(records.values()))["selection"]
    key = patient_key(index)
    metadata = {"status": "ok", "selection": selection, "patient_key": key, **named}
    rows = pd.concat([of_run.rows for of_run in each])
    predictions.write(rows, job.outputs["predictions"], metadata=metadata)
    seconds = [second for of_run in each for second in of_run.seconds]
    cost = {
        "status": "ok",
        "seconds_per_prediction": median(seconds) if seconds else None,
        "n_scans": len(seconds),
        "device": device.name(where),
        "threads": settings.prediction.threads,
        "peak_memory_mb": device.peak_memory_mb(where),
    }
    record.write_json(cost, job.outputs["cost"])
