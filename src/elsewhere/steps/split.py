"""split: the manifest of a site to parts of patients, behind the gates (A-18 to A-26)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from elsewhere.cohorts import adequacy, groups, leakage, second_stage
from elsewhere.cohorts.labels import LABEL, labelled
from elsewhere.cohorts.split import Tested, assign
from elsewhere.design.findings import Findings
from elsewhere.design.job import Job
from elsewhere.design.split import Split
from elsewhere.files import texts, whole, write_frame
from elsewhere.sites import manifest


@dataclass(frozen=True)
class Settings:
    """What the split of a study is made of.

    Attributes
    ----------
    findings
        The study's labels, if it has several.
    classes
        Names of the labels where there are more than two, or the split names them; else empty.
    categories
        Class by category of the manifest; None: its labels say the class.
    external
        The study's names of sites all of whose scans are tested (B-04).
    site_rows
        The study's names of this site, each with its row.
    """

    split: Split
    findings: Findings | None = None
    classes: tuple[str, ...] = ()
    categories: Mapping[str, str] | None = None
    external: tuple[str, ...] = ()
    site_rows: Mapping[str, str] | None = None

    def name(self, row: str) -> str:
        """Return the study's name of a site."""
        names = [name for name, own in (self.site_rows or {}).items() if own == row]
        return names[0] if names else row

    def tested(self, row: str) -> Tested:
        """Return which scans, or how many patients, of a site are tested whatever the shares."""
        rows = self.site_rows or {}
        for name, counts in self.split.test_patients.items():
            if rows.get(name) == row:
                return {self.classes.index(word): count for word, count in counts.items()}
        if not self.external:
            return "by_share"
        return "all" if row in {rows.get(name) for name in self.external} else "shared"


def run(job: Job, settings: Settings) -> None:
    """Split one site's patients; nothing is written unless the gate passes.

    A second stage (C-16) has ``first``, the split of its first study, and keeps its parts.

    Raises
    ------
    elsewhere.cohorts.second_stage.FirstStageError
        If a scan is in no part of the first study.
    elsewhere.cohorts.labels.LabelsError
        If the site's scans do not have the labels that the study asks for.
    elsewhere.cohorts.leakage.LeakageError
        If a patient, or patients whom duplicates connect, would be in two parts of a fold.
    elsewhere.cohorts.adequacy.AdequacyError
        If a part is empty, has one class or another size than asked, and this is not allowed.
    """
    known = manifest.read(job.path("manifest"))
    scans = labelled(
        known, settings.findings, classes=settings.classes, categories=settings.categories
    )
    connected = groups.read(job.path("groups"))
    second = "first" in job.inputs
    tested = "by_share" if second else settings.tested(job.wildcards["site"])
    names = (LABEL,) if settings.findings is None else tuple(settings.findings.labels)
    if second:
        first = pd.read_csv(job.path("first"), converters=texts("scan_id", "patient_id"))
        rows = second_stage.parts(scans, first)
    else:
        rows = assign(scans, connected, settings=settings.split, labels=names, tested=tested)
    report = leakage.check(rows, scans, connected, settings=settings.split, tested=tested)
    asked = adequacy.Asked(
        settings.name(job.wildcards["site"]),
        settings.split,
        tested,
        settings.classes,
        inherited=second,
    )
    report |= adequacy.check(rows, scans, connected, asked=asked)
    by = "view" if settings.categories is None else "category"
    left_out = known.loc[~known["scan_id"].isin(set(scans["scan_id"])), by].value_counts()
    report["left_out_by_view"] = {}
    report[f"left_out_by_{by}"] = {name: int(n) for name, n in left_out.sort_index().items()}
    write_frame(rows, job.outputs["split"])
    with whole(job.outputs["gate"]) as part:
        part.write_text(json.dumps(report, indent=2, sort_keys=True) + "\n", encoding="utf-8")
