"""localise: whether an arm's first model looks where lesions are outlined (C-35)."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.design.arm import Unseen
from elsewhere.design.budgets import Prediction
from elsewhere.design.job import Job
from elsewhere.design.rows import InputRow, MethodRow, NetworkRow
from elsewhere.design.scoring import Scoring
from elsewhere.files import write_rows
from elsewhere.imaging import store
from elsewhere.methods import device, located, record
from elsewhere.methods import run as runs
from elsewhere.scores import predictions
from elsewhere.scores.intervals import Unit
from elsewhere.scores.localisation import QUANTITIES, Agreement, agreement, named, table
from elsewhere.scores.outcomes import RIGHT, by_scan

log = logging.getLogger(__name__)

USED = "used"
ALL = "all"  # scans, whatever they were called
NOT_SEEN = "no lesion in the slices that the network saw"
COLUMNS = (
    *("site", "scan_id", "label", "called", "right", "empty", "reason"),
    *QUANTITIES,
)


@dataclass(frozen=True)
class Settings:
    """What is compared, and how the arm's models are applied.

    Attributes
    ----------
    method, network, input, prediction, unseen, anonymous, classes
        As in the step `predict`.
    scoring
        Confidence, resamples and seed of the intervals.
    """

    method: MethodRow
    network: NetworkRow
    input: InputRow
    prediction: Prediction
    scoring: Scoring
    unseen: Unseen | None = None
    anonymous: bool = False
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Site:
    """What became of the masks of one site: a row a scan and its numbers, or why there is none."""

    name: str
    reason: str | None
    masks: dict[str, int]
    layer: str | None
    unit: Unit
    scans: pd.DataFrame
    agreements: tuple[Agreement | None, ...]


def run(job: Job, settings: Settings) -> None:
    """Compare Grad-CAM maps of the arm's first run with the outlines of every site that has any.

    Reads the run's ``model`` and ``record`` (tables of one) and, by site, ``index``, ``arrays``,
    ``split``, ``predictions``, ``outlined`` and ``outlines``; writes ``localised`` (the record
    with the numbers) and ``localised_scans`` (a row a scan).
    """
    ((name, record_of_run),) = runs.read(job.paths("record")).items()
    reason, sites = runs.failure({name: record_of_run}), []
    if reason is None:
        where = device.prepare(settings.prediction)
        model = runs.Run(name, record_of_run, job.paths("model")[name], where)
        sites = [_located(job, settings, site, model) for site in job.paths("index")]
    if reason is not None:
        log.warning("%s: not run: %s", job.name, reason)
    scans = [row for site in sites for row in _rows(site)]
    report: dict[str, Any] = {
        "status": "not run" if reason else "ok",
        "reason": reason,
        "run": name,
    }
    report["sites"] = {site.name: _summary(site, settings.scoring) for site in sites}
    write_rows(scans, job.outputs["localised_scans"], columns=COLUMNS)
    record.write_json(report, job.outputs["localised"])


def _located(job: Job, settings: Settings, site: str, model: runs.Run) -> _Site:
    rows, metadata = predictions.read(job.paths("predictions")[site])
    of_model = (rows["fold"] == model.fold) & (rows["seed"] == model.seed)
    rows = rows[of_model & (rows["part"] == "test")]
    outlined = pd.read_csv(job.paths("outlined")[site], dtype=str, keep_default_na=False)
    masks = dict(Counter(reason or USED for reason in outlined["reason"]))
    unit: Unit = "image" if metadata.get("patient_key") == "none" else "patient"
    if rows.empty:
        why = metadata.get("reason", "no test scan")
        return _Site(site, why, masks, None, unit, rows, ())
    rows = _called(rows, settings.classes).set_index("scan_id", drop=False)
    files = SiteFiles(site, *(job.paths(each)[site] for each in ("index", "arrays", "split")))
    outlines = _outlines(outlined, job.paths("outlines")[site])
    layer, kept, agreements, empty = None, [], [], []
    for each in located.locate(model, files, rows, settings=settings, outlines=outlines):
        layer = each.layer
        kept.append(each.scan_id)
        agreements.append(
            agreement(each.found.astype(np.float64), lesion=each.lesion, lungs=each.lungs)
        )
        empty.append(not each.found.any())
    scans = rows.loc[kept].assign(empty=empty)
    reason = None if kept else "no test scan has a mask that can be used"
    return _Site(site, reason, masks, layer, unit, scans, tuple(agreements))


def _called(rows: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return one row a scan, with the position of the class that it is called."""
    if classes:
        return by_scan(rows, classes)
    return rows.assign(call=(rows["probability_1"] > 0.5).astype(int))


def _outlines(outlined: pd.DataFrame, folder: Path) -> dict[str, Path]:
    used = outlined.loc[outlined["reason"] == "", "scan_id"]
    return {scan: folder / f"{scan}{store.SUFFIX}" for scan in used}


def _rows(site: _Site) -> Iterator[dict[str, Any]]:
    """Yield a row for each scan of a site with its numbers, or why it has none."""
    for scan, agreed in zip(site.scans.to_dict("records"), site.agreements, strict=True):
        yield {
            "site": site.name,
            "scan_id": scan["scan_id"],
            "label": scan["label"],
            "called": scan["call"],
            "right": int(scan["label"] == scan["call"]),
            "empty": int(scan["empty"]),
            "reason": "" if agreed else NOT_SEEN,
            **(named(agreed) if agreed else {}),
        }


def _summary(site: _Site, scoring: Scoring) -> dict[str, Any]:
    """Return what the record says of a site: masks, and the numbers of all and of right scans."""
    about: dict[str, Any] = {"absent": site.reason, "masks": site.masks, "layer": site.layer}
    if site.reason is not None:
        return about | {"not_seen": 0, "empty": 0, "rows": []}
    patients, _ = pd.factorize(site.scans["patient_id"])
    right = (site.scans["label"] == site.scans["call"]).to_numpy()
    rows = []
    for group, kept in ((ALL, np.ones_like(right)), (RIGHT, right)):
        chosen = [one for one, keep in zip(site.agreements, kept, strict=True) if keep]
        found = table(chosen, patients=patients[kept], scoring=scoring, unit=site.unit)
        rows += [{"scans": group, **row} for row in found]
    not_seen = sum(one is None for one in site.agreements)
    return about | {"not_seen": not_seen, "empty": int(site.scans["empty"].sum()), "rows": rows}
