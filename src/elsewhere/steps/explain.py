"""explain: how one model of an arm sees the sites: Grad-CAM examples and embeddings (D-43)."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.cohorts.probe import CrossValidation, probed
from elsewhere.design.job import Job
from elsewhere.files import check_writable
from elsewhere.methods import device, record
from elsewhere.methods import run as runs
from elsewhere.methods.site_explained import SiteExplained, explain
from elsewhere.methods.trained import ArmSettings
from elsewhere.scores import embeddings, explained, predictions
from elsewhere.scores.explained import EMBEDDINGS, GALLERY
from elsewhere.scores.outcomes import by_scan, choose, outcomes, possible
from elsewhere.sites.hidden import hidden

FOLDS = 5
PERMUTATIONS = 9_999  # so many that p can be small after Holm's adjustment over a study's probes

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Settings(ArmSettings):
    """What is explained, and how the arm's models are applied.

    Attributes
    ----------
    scans
        Grad-CAM examples of each outcome and site, at most.
    seed
        Of their choice, and of the plane of embeddings.
    """

    scans: int
    seed: int


def run(job: Job, settings: Settings) -> None:
    """Explain the arm's first run on the test part of every site, or say why this cannot be done.

    Reads the run's ``model`` and ``record`` (tables of one) and, by site, ``index``, ``arrays``,
    ``split``, ``predictions`` and the ``manifest``; writes ``explained`` (the record),
    ``gallery`` and ``embeddings``.
    """
    check_writable(job.outputs.values())
    ((name, record_of_run),) = runs.read(job.paths("record")).items()
    reason, sites = runs.failure({name: record_of_run}), {}
    if reason is None:
        where = device.prepare(settings.prediction)
        model = runs.Run(name, record_of_run, job.paths("model")[name], where)
        sites = {site: _explained(job, settings, site, model) for site in job.paths("index")}
        absent = [of_site.reason for of_site in sites.values() if of_site.reason is not None]
        if len(absent) == len(sites):
            reason, sites = absent[0], {}
    if reason is not None:
        log.warning("%s: not run: %s", job.name, reason)
    report: dict[str, Any] = {"status": "not run" if reason else "ok", "reason": reason}
    report |= {
        "run": name,
        "sites": {site: _summary(s, settings.classes) for site, s in sites.items()},
    }
    here = [of_site for of_site in sites.values() if of_site.reason is None]
    _write_gallery(job, here)
    report |= _write_embeddings(job, here, settings.seed)
    record.write_json(report, job.outputs["explained"])


def _write_gallery(job: Job, sites: list[SiteExplained]) -> None:
    galleries = [of_site.gallery for of_site in sites if of_site.gallery is not None]
    gallery = pd.concat(galleries) if galleries else pd.DataFrame(columns=GALLERY.names)
    explained.write(gallery, job.outputs["gallery"], schema=GALLERY)


def _write_embeddings(job: Job, sites: list[SiteExplained], seed: int) -> dict[str, Any]:
    """Write the embeddings of all sites in one plane; return what the record says of them."""
    entries: dict[str, Any] = {}
    embedded = pd.DataFrame(columns=EMBEDDINGS.names)
    if sites:
        rows = pd.concat([of_site.rows for of_site in sites], ignore_index=True)
        features = [of_site.embedded for of_site in sites if of_site.embedded is not None]
        embedded, entries = embeddings.laid_out(rows, features, seed=seed)
        entries["linear_probe"] = _probes(embedded, rows, seed)
    explained.write(embedded, job.outputs["embeddings"], schema=EMBEDDINGS)
    return entries


def _probes(embedded: pd.DataFrame, rows: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Return how well a linear probe of the components predicts site and class of a test scan."""
    components = np.stack([*embedded["components"]]).astype(np.float64)
    patients = rows["site"] + "|" + rows["patient_id"]
    by = CrossValidation(FOLDS, PERMUTATIONS, seed)
    return {
        what: probed(components, rows[column], patients=patients, by=by)
        for what, column in (("site", "site"), ("class", "label"))
    }


def _explained(job: Job, settings: Settings, site: str, model: runs.Run) -> SiteExplained:
    predicted = job.paths("predictions")[site]
    rows, metadata = predictions.tested(predicted, fold=model.fold, seed=model.seed)
    if rows.empty:
        return SiteExplained(metadata.get("reason", "no test scan"), rows)
    classes = settings.classes
    rows = by_scan(rows, classes) if classes else rows
    files = SiteFiles(site, *(job.paths(each)[site] for each in ("index", "arrays", "split")))
    flags = pd.read_parquet(job.paths("manifest")[site], columns=["scan_id", "flags"])
    drawn = choose(
        rows, scans=settings.scans, seed=settings.seed, hidden=hidden(flags), classes=classes
    )
    return explain(model, files, rows, settings=settings, drawn=drawn)


def _summary(of_site: SiteExplained, classes: tuple[str, ...]) -> dict[str, Any]:
    """Return what the record of an explained arm says of a site."""
    counted = Counter(outcomes(of_site.rows, classes=classes if len(of_site.rows) else ()))
    counts = dict.fromkeys(possible(classes), 0) | counted
    return {"absent": of_site.reason, "layer": of_site.layer, "counts": counts}
