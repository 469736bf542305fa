"""split: the manifest of a site to parts of patients, behind the leakage gate (A-18 to A-26)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from elsewhere.cohorts import groups, leakage
from elsewhere.cohorts.split import assign
from elsewhere.design.job import Job
from elsewhere.design.study import Split
from elsewhere.files import whole
from elsewhere.sites import manifest


@dataclass(frozen=True)
class Settings:
    """What the split of a study is made of."""

    split: Split


def run(job: Job, settings: Settings) -> None:
    """Split one site's patients; nothing is written unless the gate passes.

    Raises
    ------
    elsewhere.cohorts.leakage.LeakageError
        If a patient, or patients whom duplicates connect, would be in two parts of a fold.
    """
    scans = manifest.read(job.path("manifest"))
    connected = groups.read(job.path("groups"))
    rows = assign(scans, connected, settings=settings.split)
    report = leakage.check(rows, scans, connected, settings=settings.split)
    with whole(job.outputs["split"]) as part:
        rows.to_csv(part, index=False, lineterminator="\n")
    with whole(job.outputs["gate"]) as part:
        part.write_text(json.dumps(report, indent=2, sort_keys=True) + "\n", encoding="utf-8")
