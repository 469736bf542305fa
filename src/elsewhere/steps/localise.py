"""localise: whether an arm's first model looks where lesions are outlined (C-35)."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.design.job import Job
from elsewhere.design.scoring import Scoring
from elsewhere.files import check_writable, unescaped, write_rows
from elsewhere.imaging import store
from elsewhere.methods import device, located, record
from elsewhere.methods import run as runs
from elsewhere.methods.trained import ArmSettings
from elsewhere.scores import explained, localised, predictions
from elsewhere.scores.localisation import agreement
from elsewhere.scores.localised import EXAMPLES, SCANS, SiteLocalised
from elsewhere.scores.outcomes import by_scan, in_random_order
from elsewhere.sites.hidden import hidden

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Settings(ArmSettings):
    """What is compared, and how the arm's models are applied.

    Attributes
    ----------
    scans, seed
        Examples of each class and site, at most, and the seed of their choice.
    scoring
        Confidence, resamples and seed of the intervals.
    """

    scans: int
    seed: int
    scoring: Scoring


def run(job: Job, settings: Settings) -> None:
    """Compare Grad-CAM maps of the arm's first run with the outlines of every site that has any.

    Reads the run's ``model`` and ``record`` (tables of one) and, by site, ``index``, ``arrays``,
    ``split``, ``predictions``, ``manifest``, ``outlined`` and ``outlines``; writes ``localised``
    (the record with the numbers), ``localised_scans`` (a row a scan) and ``localised_examples``.
    """
    check_writable(job.outputs.values())
    ((name, record_of_run),) = runs.read(job.paths("record")).items()
    reason, sites = runs.failure({name: record_of_run}), []
    if reason is None:
        where = device.prepare(settings.prediction)
        model = runs.Run(name, record_of_run, job.paths("model")[name], where)
        sites = [_localised(job, settings, site, model) for site in job.paths("index")]
    else:
        log.warning("%s: not run: %s", job.name, reason)
    report: dict[str, Any] = {"status": "not run" if reason else "ok", "reason": reason}
    report |= {"run": name, "sites": {s.name: s.summary(settings.scoring) for s in sites}}
    examples = pd.DataFrame([row for s in sites for row in s.examples], columns=EXAMPLES.names)
    explained.write(examples, job.outputs["localised_examples"], schema=EXAMPLES)
    scans = [row for site in sites for row in site.rows()]
    write_rows(scans, job.outputs["localised_scans"], columns=SCANS)
    record.write_json(report, job.outputs["localised"])


def _localised(job: Job, settings: Settings, site: str, model: runs.Run) -> SiteLocalised:
    predicted = job.paths("predictions")[site]
    rows, metadata = predictions.tested(predicted, fold=model.fold, seed=model.seed)
    outlined = pd.read_csv(job.paths("outlined")[site], dtype=str, keep_default_na=False)
    outlined["scan_id"] = outlined["scan_id"].map(unescaped)
    masks = dict(Counter(reason or localised.USED for reason in outlined["reason"]))
    if rows.empty:
        return SiteLocalised(site, masks, rows, reason=metadata.get("reason", "no test scan"))
    rows = _called(rows, settings.classes)
    files = SiteFiles(site, *(job.paths(each)[site] for each in ("index", "arrays", "split")))
    outlines = _outlines(outlined, job.paths("outlines")[site])
    drawn = _drawn(job, settings, site, rows[rows["scan_id"].isin([*outlines])])
    by_id = {scan["scan_id"]: scan for scan in rows.to_dict("records")}
    scans, agreements, examples, layer = [], [], [], None
    for each in located.locate(model, files, rows, settings=settings, outlines=outlines):
        found = each.found.astype(np.float64)
        agreements.append(agreement(found, lesion=each.lesion, lungs=each.lungs))
        scan = by_id[each.scan_id]
        scans.append(scan | {"empty": not found.any()})
        if each.scan_id in drawn:
            about = {name: scan[name] for name in ("scan_id", "label", "call")}
            examples.append({"site": site, **about, **each.picture()})
        layer = each.layer
    return SiteLocalised(
        site,
        masks,
        pd.DataFrame(scans),
        agreements=tuple(agreements),
        examples=tuple(examples),
        layer=layer,
        unit="image" if metadata["patient_key"] == "none" else "patient",
        reason=None if scans else "no test scan has a mask that can be used",
    )


def _called(rows: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return one row a scan, with the position of the class that it is called."""
    if classes:
        return by_scan(rows, classes)
    return rows.assign(call=(rows["probability_1"] > 0.5).astype(int))


def _outlines(outlined: pd.DataFrame, folder: Path) -> dict[str, Path]:
    used = outlined.loc[outlined["reason"] == "", "scan_id"]
    return {scan: folder / f"{scan}{store.SUFFIX}" for scan in used}


def _drawn(job: Job, settings: Settings, site: str, rows: pd.DataFrame) -> set[str]:
    """Draw scans of each class, one a patient, of those that may be shown."""
    flags = pd.read_parquet(job.paths("manifest")[site], columns=["scan_id", "flags"])
    shown = in_random_order(rows[~rows["scan_id"].isin([*hidden(flags)])], seed=settings.seed)
    alone = shown.drop_duplicates("patient_id")
    return set(alone.groupby("label").head(settings.scans)["scan_id"])
