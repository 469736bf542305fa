"""explain: how one model of an arm sees the sites: Grad-CAM examples and embeddings (D-43)."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.cohorts.view import Floats
from elsewhere.design.arm import Unseen
from elsewhere.design.budgets import Prediction
from elsewhere.design.job import Job
from elsewhere.design.rows import InputRow, MethodRow, NetworkRow
from elsewhere.methods import device, explanation, record, trained
from elsewhere.scores import embeddings, explained, predictions
from elsewhere.scores.explained import EMBEDDINGS, GALLERY
from elsewhere.scores.outcomes import OUTCOMES, choose, outcomes
from elsewhere.sites.hidden import hidden

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """What is explained, and how the arm's models are applied.

    Attributes
    ----------
    method, network, input, prediction, unseen, anonymous
        As in the step `predict`.
    scans
        Grad-CAM examples of each outcome and site, at most.
    seed
        Of their choice, and of the plane of embeddings.
    """

    method: MethodRow
    network: NetworkRow
    input: InputRow
    prediction: Prediction
    scans: int
    seed: int
    unseen: Unseen | None = None
    anonymous: bool = False


@dataclass(frozen=True)
class _Run:
    """One trained model of the arm: its name, such as "0-643", its record, and its device."""

    name: str
    record: Mapping[str, Any]
    device: torch.device

    @property
    def fold(self) -> int:
        return int(self.name.split("-")[0])

    @property
    def seed(self) -> int:
        return int(self.name.split("-")[1])


@dataclass(frozen=True)
class _Seen:
    """Test scans of one site, or why there are none; all but `reason` is empty then."""

    reason: str | None
    rows: pd.DataFrame
    embedded: Floats | None = None
    gallery: pd.DataFrame | None = None
    layer: str | None = None


def run(job: Job, settings: Settings) -> None:
    """Explain the arm's first run on the test part of every site, or say why this cannot be done.

    Reads the run's ``model`` and ``record`` (tables of one) and, by site, ``index``, ``arrays``,
    ``split``, ``predictions`` and the ``manifest``; writes ``explained`` (the record),
    ``gallery`` and ``embeddings``.
    """
    ((name, path),) = job.paths("record").items()
    made = json.loads(path.read_text(encoding="utf-8"))
    reason = None if made["status"] == "ok" else str(made["reason"])
    seen: dict[str, _Seen] = {}
    if reason is None:
        where = device.prepare(settings.prediction)
        for site in job.paths("index"):
            seen[site] = _seen(job, settings, site, _Run(name, made, where))
        if all(one.reason for one in seen.values()):
            reason = next(str(one.reason) for one in seen.values())
    if reason is not None:
        log.warning("%s: not run: %s", job.name, reason)
        _write(job, {"status": "not run", "reason": reason, "run": name}, {})
        return
    _write(job, {"status": "ok", "reason": None, "run": name}, seen, seed=settings.seed)


def _seen(job: Job, settings: Settings, site: str, run: _Run) -> _Seen:
    rows, metadata = predictions.read(job.paths("predictions")[site])
    rows = rows[(rows["fold"] == run.fold) & (rows["seed"] == run.seed) & (rows["part"] == "test")]
    if rows.empty:
        return _Seen(metadata.get("reason", "no test scan"), rows)
    files = SiteFiles(site, *(job.paths(each)[site] for each in ("index", "arrays", "split")))
    scans = cohort.load(files, fold=run.fold, part="test")
    rows = rows.set_index("scan_id", drop=False).loc[[*scans.scan_ids]].reset_index(drop=True)
    options = trained.inference_options(
        settings, site=site, sites=run.record["n_train"], device=run.device
    )
    network = trained.load(
        job.paths("model")[run.name],
        settings=settings,
        sites=run.record["n_train"],
        scans=scans,
        options=options,
    )
    firsts = rows["window_start"].tolist()
    embedded = explanation.embedded(network, scans, firsts=firsts, options=options)
    flags = pd.read_parquet(job.paths("manifest")[site], columns=["scan_id", "flags"])
    drawn = choose(rows, scans=settings.scans, seed=settings.seed, hidden=hidden(flags))
    chosen = [scans.scan_ids.index(scan) for scan in drawn["scan_id"]]
    layer, shown = explanation.examples(
        network, scans, chosen=chosen, firsts=firsts, options=options
    )
    gallery = drawn[["scan_id", "label", "outcome", "probability_1"]].assign(
        site=site,
        slice=[one.slice for one in shown],
        rows=[one.image.shape[0] for one in shown],
        columns=[one.image.shape[1] for one in shown],
        image=[one.image.tobytes() for one in shown],
        heat=[one.heat.tobytes() for one in shown],
        against=[one.against for one in shown],
    )
    return _Seen(None, rows.assign(site=site), embedded, gallery, layer)


def _write(job: Job, said: dict[str, Any], seen: Mapping[str, _Seen], *, seed: int = 0) -> None:
    here = {site: one for site, one in seen.items() if one.reason is None}
    said["sites"] = {
        site: {
            "absent": one.reason,
            "layer": one.layer,
            "counts": dict.fromkeys(OUTCOMES, 0) | Counter(outcomes(one.rows)),
        }
        for site, one in seen.items()
    }
    galleries = [one.gallery for one in here.values() if one.gallery is not None]
    gallery = pd.concat(galleries) if galleries else pd.DataFrame(columns=GALLERY.names)
    explained.write(gallery, job.outputs["gallery"], schema=GALLERY)
    embedded = pd.DataFrame(columns=EMBEDDINGS.names)
    if here:
        embedded, found = _laid_out(here, seed)
        said |= found
    explained.write(embedded, job.outputs["embeddings"], schema=EMBEDDINGS)
    record.write_json(said, job.outputs["explained"])


def _laid_out(seen: Mapping[str, _Seen], seed: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the embeddings of all sites in one plane, and what can be told from them."""
    rows = pd.concat([one.rows for one in seen.values()], ignore_index=True)
    features = [one.embedded for one in seen.values() if one.embedded is not None]
    components, variance = embeddings.reduced(np.concatenate(features))
    plane, places = embeddings.plane(components, seed=seed)
    patients = rows["site"] + "|" + rows["patient_id"]
    told = {
        what: embeddings.told(components, rows[column], patients=patients, seed=seed)
        for what, column in (("site", "site"), ("class", "label"))
    }
    frame = rows[["site", "scan_id", "label"]].assign(
        x=places[:, 0], y=places[:, 1], components=[*components]
    )
    found = {
        "features": features[0].shape[1],
        "components": components.shape[1],
        "variance": variance,
        "plane": plane,
        "told": told,
    }
    return frame, found
