"""audit: compares the sites of a study before any training: duplicates, label and site."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from elsewhere.cohorts import confounding, duplicates, fields, groups
from elsewhere.cohorts.labels import labelled
from elsewhere.design.audit import Audit
from elsewhere.design.comparisons import Comparisons, Over
from elsewhere.design.findings import Findings
from elsewhere.design.job import Job
from elsewhere.files import whole, write_frame
from elsewhere.imaging import profile
from elsewhere.scores import families
from elsewhere.sites import manifest


@dataclass(frozen=True)
class Settings:
    """What the audit of a study is made with; of findings the label is whether any is there.

    ``classes`` are the names of the labels where there are more than two, or ``categories`` say
    which class the scans of a category are. The declared comparisons make the family of the study
    larger, and with it the number of permutations.
    """

    audit: Audit
    findings: Findings | None = None
    classes: tuple[str, ...] = ()
    categories: Mapping[str, str] | None = None
    comparisons: tuple[Comparisons, ...] = ()
    family: Over = "study"

    def n_compared(self, n_sites: int) -> int:
        """Return the most tests of comparisons that share a family with those of the audit."""
        pairs = sum(len(row.against) for row in self.comparisons)
        each = len(self.classes) if len(self.classes) > 2 else 1
        return pairs * n_sites * each if self.family == "study" else 0


def run(job: Job, settings: Settings) -> None:
    """Find duplicates across patients and sites; predict label and site from headers and voxels.

    Writes ``pairs``, ``audit`` and, for each site, ``groups/<site>``: only the last reaches the
    split, so that a site whose groups stay the same is not split again.
    """
    sites = [*job.paths("manifest")]
    scans = pd.concat([_scans(job, settings, site) for site in sites], ignore_index=True)
    copies = duplicates.find(scans, similarity=settings.audit.similarity)
    for site in sites:
        groups.write(copies.groups[copies.groups["site"] == site], job.outputs[f"groups/{site}"])
    write_frame(copies.pairs, job.outputs["pairs"], float_format="%.4f")
    scans["unit"] = groups.units(scans, copies.groups)
    compared = settings.n_compared(len(sites))
    enough = confounding.enough(settings.audit, n_sites=len(sites), n_compared=compared)
    report = {
        "settings": enough.model_dump(),
        "duplicates": copies.counts,
        "contingency": confounding.contingency(
            scans, sites=sites, n_classes=len(settings.classes) or 2
        ),
        "shortcuts": _shortcuts(scans, sites, enough),
    }
    with whole(job.outputs["audit"]) as part:
        part.write_text(json.dumps(report, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _shortcuts(scans: pd.DataFrame, sites: list[str], settings: Audit) -> list[dict[str, Any]]:
    """Return the answers with p adjusted over all of them (Holm 1979), before any comparison."""
    answers = confounding.predictability(scans, sites=sites, settings=settings)
    adjusted = families.adjusted("audit", [answer["p"] for answer in answers])
    for answer, p in zip(answers, adjusted, strict=True):
        answer["p_holm"] = None if p is None else round(p, 6)
    return answers


def _scans(job: Job, settings: Settings, site: str) -> pd.DataFrame:
    known = manifest.read(job.paths("manifest")[site])
    scans = labelled(
        known, settings.findings, classes=settings.classes, categories=settings.categories
    )
    profiles = fields.measured(profile.read(job.paths("profile")[site]))
    joined = scans.merge(profiles, on="scan_id", validate="one_to_one")
    if len(joined) != len(scans):
        raise ValueError(
            f"{job.name}: {len(scans)} scans in the manifest of {site}, {len(joined)} of them in "
            f"its profile; run `elsewhere ingest {site}` again"
        )
    return joined.assign(site=site)
