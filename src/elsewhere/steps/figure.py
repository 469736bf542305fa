"""figure: all results of a study to matrix.csv, figures and report.html."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere.cohorts.labels import labelled
from elsewhere.design.arm import Arm
from elsewhere.design.comparisons import Comparisons
from elsewhere.design.findings import Findings
from elsewhere.design.job import Job
from elsewhere.design.scoring import Scoring
from elsewhere.design.site import Site
from elsewhere.design.subgroups import Subgroups
from elsewhere.figures import (
    architecture,
    arms_table,
    by_finding,
    cohort_table,
    comparisons,
    confounding,
    confusion,
    embeddings,
    example_slices,
    gradcam,
    of_findings,
    published,
    report,
    roc,
    roc_panels,
    site_profile,
    training,
)
from elsewhere.figures import matrix as heat_map
from elsewhere.figures.divided import Divided
from elsewhere.figures.findings import ByFinding
from elsewhere.figures.results import Named, Results, gather
from elsewhere.files import whole
from elsewhere.imaging import profile
from elsewhere.scores import arms, explained, matrix, predictions
from elsewhere.scores.cell import Predicted
from elsewhere.sites import manifest
from elsewhere.sites.states import states


@dataclass(frozen=True)
class Settings:
    """What the figures of a study need to know.

    Attributes
    ----------
    sites
        Row of ``sites`` to site, in the order of the columns.
    site_rows
        The study's name of a site to its row.
    comparisons
        Which arm is compared with which.
    roc_panels
        Name of a panel to the arms whose ROC curves share its axes.
    findings
        The study's labels, if scans have several.
    subgroups
        Which device may be a shortcut to which finding.
    """

    title: str
    citation: str
    classes: tuple[str, str]
    published: str | None
    arms: Mapping[str, Arm]
    averages_without: tuple[str, ...]
    sites: Mapping[str, Site]
    site_rows: Mapping[str, str]
    scoring: Scoring
    comparisons: tuple[Comparisons, ...] = ()
    roc_panels: Mapping[str, tuple[str, ...]] | None = None
    findings: Findings | None = None
    subgroups: Subgroups | None = None


def run(job: Job, settings: Settings) -> None:
    """Draw a study (A-58 to A-72, D-19 to D-43).

    Reads the tables ``metrics``, ``record``, ``history``, ``manifest``, ``profile``, ``volumes``,
    ``rejected``, the ``audit`` and, for the report, its ``pairs``, ``predictions``, ``split``,
    ``gate`` and the costs; of each explained arm ``explained``, ``gallery`` and ``embeddings``.
    Writes ``matrix``, ``figures`` and ``report``.
    """
    named = Named(
        study=job.wildcards["study"],
        title=settings.title,
        classes=settings.classes,
        confidence=settings.scoring.confidence,
        threshold_from=settings.scoring.threshold_from,
        policy=by_finding.policy(settings.findings),
    )
    results = gather(
        job.paths("metrics"),
        arms=settings.arms,
        sites=settings.sites,
        site_rows=settings.site_rows,
        named=named,
    )
    each = by_finding.split(results, settings.findings) if settings.findings else {"": results}
    sites = [*settings.sites]
    tables = (
        matrix.rows(one.cells.values(), arms=settings.arms, sites=sites) for one in each.values()
    )
    matrix.write(itertools.chain(*tables), job.outputs["matrix"])
    audit = json.loads(job.path("audit").read_text(encoding="utf-8"))
    rejected = {row: pd.read_csv(path, dtype=str) for row, path in job.paths("rejected").items()}
    with whole(job.outputs["figures"]) as folder:
        folder.mkdir()
        names = [heat_map.draw(one, folder) for one in each.values()]
        if settings.findings is None:
            compared, drawn = _of_labels(job, settings, folder, results)
        else:
            compared, drawn = _of_findings(job, settings, folder, each)
        names += drawn
        names += _of_explained(job, folder, results)
        confounding.draw(
            audit, folder, sites=settings.sites, classes=settings.classes, policy=named.policy
        )
        names += ["confounding", *_of_scans(job, settings, folder, rejected)]
        names += _of_runs(job, settings, folder, results)
    report.write(
        [*each.values()], job, report.Parts(settings.citation, names, compared, rejected, audit)
    )


Drawn = tuple[list[dict[str, str]], list[str]]  # published numbers beside ours, names of figures


def _of_labels(job: Job, settings: Settings, folder: Path, results: Results) -> Drawn:
    """Draw what there is of scans with one label each."""
    names = roc.draw(results, folder)
    names += confusion.draw(results, folder, averages_without=settings.averages_without)
    compared = published.compare(results, settings.published) if settings.published else []
    if compared:
        published.draw(results, compared, folder)
        names.append("published")
    return compared, names + _of_arms(job, settings, folder, results)


def _of_findings(job: Job, settings: Settings, folder: Path, each: Mapping[str, Results]) -> Drawn:
    """Draw what there is of scans with several findings."""
    found = {} if settings.findings is None else settings.findings.labels
    titles = {name: one.title for name, one in found.items()}
    internal = by_finding.internal(job.paths("metrics"), settings.arms, titles)
    study = ByFinding(titles, settings.arms, each, internal)
    manifests = {row: manifest.read(path) for row, path in job.paths("manifest").items()}
    divided = Divided(
        columns=study.any.columns,
        manifests=manifests,
        splits={row: pd.read_csv(path) for row, path in job.paths("split").items()},
        labels=titles,
        policy=study.any.named.policy,
    )
    asked = settings.subgroups
    devices = {row: states(m, asked.device) for row, m in manifests.items()} if asked else {}
    chosen = of_findings.Chosen(settings.published, asked, devices, settings.scoring)
    paths = job.paths("predictions")
    names, compared = of_findings.draw(study, divided, paths, folder=folder, chosen=chosen)
    return compared, names


def _of_arms(job: Job, settings: Settings, folder: Path, results: Results) -> list[str]:
    names = roc_panels.draw(results, settings.roc_panels or {}, folder)
    if results.repeated:
        known = published.read(settings.published) if settings.published else []
        arms_table.draw(results, arms_table.table(results, known), folder)
        names.append("arms_table")
    if settings.comparisons:
        rows = _compared(job, settings.comparisons, results)
        tests = comparisons.beside(rows, published.tests(settings.published))
        comparisons.draw(results, tests, folder)
        names.append("comparisons")
    return names


def _compared(job: Job, chosen: Sequence[Comparisons], results: Results) -> list[dict[str, Any]]:
    """Compare arms on their predictions, which only this needs of all figures."""
    wanted = {arm for one in chosen for arm in (one.arm, *one.against)}
    predicted = {
        key: Predicted(*predictions.read(path))
        for key, path in job.paths("predictions").items()
        if key.split("/")[0] in wanted
    }
    gates = {
        row: json.loads(path.read_text(encoding="utf-8")) for row, path in job.paths("gate").items()
    }
    pairs = comparisons.pairs(results, chosen, predicted=predicted, gates=gates)
    return arms.compare(pairs, confidence=results.named.confidence)


def _of_explained(job: Job, folder: Path, results: Results) -> list[str]:
    gallery, embedded = job.paths("gallery"), job.paths("embeddings")
    found = {
        arm: explained.read(path, gallery=gallery[arm], embeddings=embedded[arm])
        for arm, path in job.paths("explained").items()
    }
    if not found:
        return []
    embeddings.draw(results, found, folder)
    return [*gradcam.draw(results, found, folder), "embeddings"]


def _of_scans(
    job: Job, settings: Settings, folder: Path, rejected: Mapping[str, pd.DataFrame]
) -> list[str]:
    manifests = {
        row: labelled(manifest.read(path), settings.findings)
        for row, path in job.paths("manifest").items()
    }
    sites, classes = settings.sites, settings.classes
    policy = by_finding.policy(settings.findings)
    cohort = cohort_table.table(manifests, rejected=rejected, sites=sites, classes=classes)
    synthetic = any(site.synthetic for site in sites.values())
    cohort_table.draw(cohort, folder, synthetic=synthetic, policy=policy)
    profiles = {
        row: site_profile.Scans(
            site=sites[row],
            table=scans.merge(
                profile.read(job.paths("profile")[row]).drop(columns="value_scale"), on="scan_id"
            ),
            volumes=job.paths("volumes")[row],
            edges={scale: profile.edges(scale) for scale in profile.LOW_AND_STEP},
        )
        for row, scans in manifests.items()
    }
    example_slices.draw(profiles, folder, classes=classes, policy=policy)
    site_profile.draw(profiles, folder, classes=classes, policy=policy)
    return ["cohort_table", "site_profile", "example_slices"]


def _of_runs(job: Job, settings: Settings, folder: Path, results: Results) -> list[str]:
    records = {
        run: json.loads(path.read_text(encoding="utf-8"))
        for run, path in job.paths("record").items()
    }
    curves = {
        run: training.Curve(pd.read_csv(path), records[run].get("best_iteration"))
        for run, path in job.paths("history").items()
    }
    chosen = {
        record["selection"].split()[-1] for record in records.values() if "selection" in record
    }
    by = " or ".join("AUC" if one == "auc" else one for one in sorted(chosen)) or "score"
    training.draw(results, curves, folder, by=by)
    synthetic = results.synthetic
    return [
        "training",
        *architecture.draw(records, folder, arms=settings.arms, synthetic=synthetic),
    ]
