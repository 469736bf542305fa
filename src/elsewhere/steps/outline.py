"""outline: the step that brings masks of lesions onto the lattice of an input (C-35).

It reads masks beside what `ingest` made, so that masks that a site gets later make no scan stale.
"""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from elsewhere import workers
from elsewhere.design.job import Job
from elsewhere.design.masks import MaskRow
from elsewhere.design.rows import InputRow
from elsewhere.design.site import Site
from elsewhere.files import whole, write_rows
from elsewhere.imaging import masks, outline_values, pointed, store
from elsewhere.imaging.preparation import Scanned
from elsewhere.imaging.volume import Unusable
from elsewhere.progress import reported
from elsewhere.sites import manifest
from elsewhere.sites.discretion import discreet
from elsewhere.sites.keys import Keys, SecretError, keys
from elsewhere.sites.layout import LayoutError
from elsewhere.sites.masks import match

log = logging.getLogger(__name__)

# a row for each mask; without a reason it was stored
COLUMNS = (
    *("scan_id", "file", "reason", "detail", "lesion_ml", "lesion_voxels"),
    *("lesion_slice", "lesion_at"),  # of the scan: where most is seen; "row column" of the largest
)
_MM3_PER_ML = 1000.0


@dataclass(frozen=True)
class Settings:
    """Settings of the outlines of one site.

    Attributes
    ----------
    site
        Row of `sites`; the wildcard `site` is its name.
    masks
        Row of `masks` of this name.
    input
        Row of `inputs`.
    """

    site: Site
    masks: MaskRow
    input: InputRow


def run(job: Job, settings: Settings) -> None:
    """Store lesions and lungs of each scan with a mask as the scan was prepared, or say why not.

    Reads the ``manifest`` and the ``volumes`` of the site and its ``masks``; writes ``outlines``,
    a folder with a volume a scan, and ``outlined``, a row a mask.

    Raises
    ------
    LayoutError
        If there are no masks of these names.
    """
    name, private = job.wildcards["site"], settings.site.privacy == "private"
    records = manifest.read(job.path("manifest")).to_dict("records")
    scans = {str(row["scan_id"]): row for row in records}
    site_keys = keys(name, private=private)
    rows: list[dict[str, Any]] = []
    safe = (LayoutError, SecretError, workers.EndedError)
    with discreet(name, private=private, safe=safe), whole(job.outputs["outlines"]) as folder:
        folder.mkdir(parents=True)
        found = match(job.path("masks"), settings.masks, scans, site_keys=site_keys)
        masked = [(path, scans[scan_id]) for scan_id, path in sorted(found.files.items())]
        count = workers.processes([math.prod(_shape(scan)) for _, scan in masked])
        make = partial(_stored, settings, job.path("volumes"), folder)
        made = workers.results(make, masked, processes=count, name=lambda item: item[1]["scan_id"])
        for (path, scan), about in reported(made, log, total=len(masked), unit="masks"):
            file = _written(path, job, site_keys)
            rows.append({"scan_id": scan["scan_id"], "file": file, **about})
        rows.sort(key=lambda row: str(row["scan_id"]))
        rows += [
            {"file": _written(path, job, site_keys), "reason": "no_scan",
             "detail": "the site has no scan of this name"}
            for path in found.strangers
        ]  # fmt: skip
    used = sum("reason" not in row for row in rows)
    log.info("%s: lesions of %d scans; %d masks without use", name, used, len(rows) - used)
    write_rows(rows, job.outputs["outlined"], columns=COLUMNS)


def _written(path: Path, job: Job, site_keys: Keys) -> str:
    return site_keys.path(path.relative_to(job.path("masks")).as_posix())


def _stored(
    settings: Settings, volumes: Path, folder: Path, item: tuple[Path, dict[Any, Any]]
) -> dict[str, Any]:
    """Store the outline of a scan in a folder; return its lesion's size, or why there is none."""
    path, scan = item
    name = f"{scan['scan_id']}{store.SUFFIX}"
    about = _outlined(path, scan, volumes / name, settings)
    if isinstance(about, Unusable):
        return {"reason": about.reason, "detail": about.detail}
    store.write(folder / name, about.pop("outline"))
    return about


def _shape(scan: dict[Any, Any]) -> tuple[int, ...]:
    return tuple(int(scan[axis]) for axis in ("n_slices", "rows", "columns"))


def _outlined(
    path: Path, scan: dict[Any, Any], volume: Path, settings: Settings
) -> dict[str, Any] | Unusable:
    """Return the outline of a scan and the size of its lesion, or why there is none."""
    affine = _affine(scan["affine"])
    shape = _shape(scan)
    dz, dy, dx = (float(scan[f"spacing_{axis}_mm"]) for axis in "zyx")
    scanned = Scanned(scan["scan_id"], scan["value_scale"], shape[0], (dz, dy, dx))
    try:
        mask = masks.read(path, values=settings.masks.lesion, voxels=math.prod(shape))
        lesion = masks.fitted(mask, shape=shape, affine=affine)
        outline = masks.prepared(
            lesion, voxels=store.read(volume), scan=scanned, row=settings.input
        )
    except Unusable as unusable:
        log.warning("%s: mask not used: %s", scan["scan_id"], unusable.reason)
        return unusable
    fullest, places = pointed.lesions(lesion)
    return {
        "outline": outline,
        "lesion_ml": round(float(lesion.sum()) * dz * dy * dx / _MM3_PER_ML, 3),
        "lesion_voxels": int((outline == outline_values.LESION).sum()),
        "lesion_slice": fullest,
        "lesion_at": ";".join(f"{row} {column}" for row, column in places),
    }


def _affine(text: str) -> masks.Affine | None:
    if not text:
        return None
    return np.vstack([np.reshape(json.loads(text), (3, 4)), [0.0, 0.0, 0.0, 1.0]])
