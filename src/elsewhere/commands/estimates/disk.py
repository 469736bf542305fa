"""disk: the bytes of raw files, scans, prepared arrays, models, predictions and DVC's cache."""

from __future__ import annotations

import configparser
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.commands.estimates import measured
from elsewhere.commands.estimates.holding import INGEST, Holding
from elsewhere.commands.estimates.work import Job
from elsewhere.design import known, paths
from elsewhere.design.amount import (
    Amount,
    Total,
    between,
    exactly,
    summed,
    total,
    unknown,
)
from elsewhere.design.params import Params
from elsewhere.figures import paper

FLOAT = 4  # bytes
# copies of all values in a checkpoint: the network, its best weights, and the optimiser's moments
CHECKPOINT = {"adam": 4, "sgd": 3}
CACHED = ("scans", "prepared", "models", "predictions")
CONFIG = (Path(".dvc/config"), Path(".dvc/config.local"))


@dataclass(frozen=True)
class Line:
    """Bytes of one sort of files.

    Attributes
    ----------
    what
        raw, scans, prepared, models, checkpoints, predictions or cache.
    of
        Site, input or network.
    bytes
        Their size.
    """

    what: str
    of: str
    bytes: Total

    def plain(self) -> dict[str, Any]:
        """Return the line for JSON."""
        return {"what": self.what, "of": self.of, "bytes": self.bytes.plain()}


def lines(
    params: Params, study: str, sites: Mapping[str, Holding], jobs: Sequence[Job]
) -> list[Line]:
    """Return what a study will hold on disk, DVC's cache of it last."""
    found = [
        *_raw(sites),
        *_scans(params, study, sites),
        *_prepared(params, study, sites),
        *_models(params, study, jobs),
        *_predictions(params, study, jobs),
    ]
    return [*found, *_cache(found)]


def _line(what: str, of: str, amount: Amount) -> Line:
    return Line(what, of, total([(f"{what} of {of}", amount)]))


def _raw(sites: Mapping[str, Holding]) -> Iterator[Line]:
    for row in sites:
        here = _size(Path("data/raw") / row)
        stated = known.site(row, "raw") or unknown("not here, and its publisher's size not noted")
        yield _line("raw", row, here or stated)


def _scans(params: Params, study: str, sites: Mapping[str, Holding]) -> Iterator[Line]:
    values = params.inputs[params.scale_of(study).input].kind
    for row, site in sites.items():
        here = _size(Path(paths.scans(row)["volumes"]))
        facts = {"what": "scans", "layout": params.sites[row].layout, "values": values}
        yield _line("scans", row, here or site.voxels.times(known.bytes_of_voxel(facts)))


def _prepared(params: Params, study: str, sites: Mapping[str, Holding]) -> Iterator[Line]:
    arms = params.studies[study].arms
    for name in dict.fromkeys(params.input_of(study, arm) for arm in arms):
        for row, site in sites.items():
            here = _size(Path(paths.prepared(name, row)["arrays"]))
            yield _line("prepared", f"{name}, {row}", here or _arrays(params.inputs[name], site))


def _arrays(row: Any, site: Holding) -> Amount:
    """Return the bytes of the prepared arrays of a site."""
    if getattr(row, "spacing_mm", None) or getattr(row, "crop", "none") != "none":
        return unknown(f"resampled or cut by scan; {INGEST.format(site.row)} and prepare one")
    side = getattr(row, "stored_matrix", row.matrix)
    pixels = site.slices.times(exactly(side * side, f"{side} x {side}"))
    return pixels.times(known.bytes_of_voxel({"what": "prepared", "values": row.kind}))


def _models(params: Params, study: str, jobs: Sequence[Job]) -> Iterator[Line]:
    """Yield the weights of all runs, and the checkpoint that each has while it is trained."""
    trainings = [job for job in jobs if job.stage.step == "train"]
    for network in dict.fromkeys(_network(job) for job in trainings):
        of = [job for job in trainings if _network(job) == network]
        values = _values(params, study, of)
        model = exactly(FLOAT * len(of), f"{len(of)} models of 4 bytes a value")
        yield _line("models", network, values.times(model))
        budget = params.budgets[params.budget_of(study, of[0].stage.wildcards["arm"])].training
        copies = CHECKPOINT[budget.optimizer]
        each = exactly(FLOAT * copies, f"{copies} x 4 bytes a value, while a run is trained")
        yield _line("checkpoints", f"{network}, a run", values.times(each))


def _network(job: Job) -> str:
    return str(job.stage.settings["network"]).split(".")[1]


def _values(params: Params, study: str, jobs: Sequence[Job]) -> Amount:
    """Return the parameters of a model: of finished ones, or of the paper's network alone."""
    arms = dict.fromkeys(job.stage.wildcards["arm"] for job in jobs)
    alike = {measured.alike(params, "train", study, arm) for arm in arms}
    here = [one.parameters for one in measured.finished(params) if one.of in alike]
    if any(here):
        return between([one for one in here if one], "recorded by finished runs here")
    layers = paper.networks(params.studies[study].published)
    found = [int(row["parameters"]) for row in layers if row["network"] == _network(jobs[0])]
    if not found:
        return unknown(f"parameters: say `elsewhere describe {study} --scale {params.scale}`")
    return exactly(sum(found), "parameters of the network, without what a method adds")


def _predictions(params: Params, study: str, jobs: Sequence[Job]) -> Iterator[Line]:
    of = [job for job in jobs if job.stage.step == "predict"]
    yield Line("predictions", study, total((job.stage.name, _rows(params, job)) for job in of))


def _rows(params: Params, job: Job) -> Amount:
    """Return the bytes of one table: rows of scans, findings and runs, 8 bytes a pass."""
    study, arm = job.stage.wildcards["study"], job.stage.wildcards["arm"]
    if not job.units.known:
        return job.units
    once, _ = job.units.ends()  # at most, a scan is worked through once a pass; it has one row
    settings = params.studies[study]
    parts = len(settings.findings.labels) if settings.findings else len(settings.exclusive) or 1
    passes = params.budgets[params.budget_of(study, arm)].prediction.mc_passes
    of_row = known.bytes_of_voxel({"what": "prediction"}).plus(between([0, 8 * passes], ""))
    return of_row.times(exactly(once * parts, job.units.source))


def _cache(found: Sequence[Line]) -> Iterator[Line]:
    copies = _copies()
    for what in CACHED:
        of = summed((line.of, line.bytes) for line in found if line.what == what)
        yield Line("cache", what, Total(of.amount.times(copies), of.lacking))


def _copies() -> Amount:
    """Return how many further copies of an output DVC's cache holds, from its settings."""
    if not CONFIG[0].is_file():
        return exactly(0, "no DVC repository here")
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(CONFIG)
    kinds = parser.get("cache", "type", fallback="").replace(" ", "")
    if not kinds:
        return exactly(1, "DVC's cache: a copy of each output, .dvc/config names no cache.type")
    if kinds.split(",")[0] == "copy":
        return exactly(1, f"DVC's cache: cache.type {kinds}")
    return between([0, 1], f"DVC's cache: cache.type {kinds}, a copy where links cannot be made")


def _size(path: Path) -> Amount | None:
    """Return the bytes of a file or folder that is there; None if it is not."""
    if not path.exists():
        return None
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return exactly(math.fsum(one.stat().st_size for one in files), "measured here")
