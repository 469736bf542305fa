"""prepare: the step that converts a site's scans to the lattice and intensities of one input.

It does only what is deterministic; random changes belong to training.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere import workers
from elsewhere.design.job import Job
from elsewhere.design.rows import InputRow
from elsewhere.files import whole
from elsewhere.imaging import store
from elsewhere.imaging.preparation import Scanned, Voxels, preparation
from elsewhere.progress import reported
from elsewhere.sites import manifest
from elsewhere.unfinished import Unfinished, unfinished
from elsewhere.unfinished import done as remove_kept

log = logging.getLogger(__name__)

_SIDES = ("n_slices", "rows", "columns")
_TYPES = {
    "scan_id": "str",
    "patient_id": "str",
    "label": "Int64",
    **dict.fromkeys(("n_slices", "rows", "columns", "value_min", "value_max"), "int64"),
    "array_sha256": "str",
}


@dataclass(frozen=True)
class Settings:
    """Settings of the preparation.

    Attributes
    ----------
    input
        Row of `inputs`.
    """

    input: InputRow


def run(job: Job, settings: Settings) -> None:
    """Make the prepared arrays of all scans, and their index (A-10, A-13, B-19, B-21, D-03).

    A step that was stopped goes on with the scans that it has not prepared.

    Raises
    ------
    ValueError
        If the input does not take the scans, such as one of kind image scans of several slices.
    WorkerError
        If a scan cannot be prepared; it is named, and what was finished is kept.
    """
    scans = manifest.read(job.path("manifest"))
    records = scans.to_dict("records")
    preparation(settings.input).check([_scanned(scan) for scan in records])
    with unfinished(job) as kept, whole(job.outputs["arrays"]) as arrays:
        arrays.mkdir(parents=True)
        made = _all(records, job.path("volumes"), settings.input, kept)
        kept.hand_over((_name(scan) for scan in records), arrays)
    rows = [_identity(scan) | made[scan["scan_id"]] for scan in records]
    _write_index(rows, job.outputs["index"])


def done(job: Job) -> None:
    """Remove what was kept of the scans of a site whose outputs are complete."""
    remove_kept(job)


def _all(
    records: list[dict[Any, Any]], volumes: Path, row: InputRow, kept: Unfinished
) -> dict[str, dict[str, Any]]:
    """Return by scan_id what the index says of its array, which a stopped run may have made.

    Processes make the arrays; this one alone notes what they have finished.
    """
    kept.count(map(_key, records), unit="scans")
    before = {scan["scan_id"]: kept.get(_key(scan)) for scan in records}
    made = {scan_id: described for scan_id, described in before.items() if described is not None}
    left = [scan for scan in records if scan["scan_id"] not in made]
    count = workers.processes([math.prod(int(scan[side]) for side in _SIDES) for scan in left])
    make = partial(_stored, row, volumes, kept.files)
    finished = workers.results(make, left, processes=count, name=lambda scan: scan["scan_id"])
    for scan, described in reported(finished, log, total=len(left), unit="scans"):
        kept.keep(_key(scan), described, file=_name(scan))
        made[scan["scan_id"]] = described
    return made


def _stored(row: InputRow, volumes: Path, folder: Path, scan: dict[Any, Any]) -> dict[str, Any]:
    """Prepare one scan, store its array in a folder, and return what the index says of it."""
    name = _name(scan)
    array = preparation(row).prepared(store.read(volumes / name), _scanned(scan))
    store.write(folder / name, array)
    return _described(array)


def _key(scan: dict[Any, Any]) -> str:
    """Return what identifies all that an array is made from, beside the settings."""
    return f"{scan['volume_sha256']} {_scanned(scan)}"


def _name(scan: dict[Any, Any]) -> str:
    return f"{scan['scan_id']}{store.SUFFIX}"


def _scanned(scan: dict[Any, Any]) -> Scanned:
    dz, dy, dx = (float(scan[f"spacing_{axis}_mm"]) for axis in "zyx")
    return Scanned(scan["scan_id"], scan["value_scale"], int(scan["n_slices"]), (dz, dy, dx))


def _identity(scan: dict[Any, Any]) -> dict[str, Any]:
    return {name: scan[name] for name in ("scan_id", "patient_id", "label")}


def _described(array: Voxels) -> dict[str, Any]:
    return {
        **dict(zip(("n_slices", "rows", "columns"), array.shape, strict=True)),
        "value_min": int(array.min()),
        "value_max": int(array.max()),
        "array_sha256": store.sha256(array),
    }


def _write_index(rows: list[dict[str, Any]], path: Path) -> None:
    index = pd.DataFrame(rows, columns=[*_TYPES]).astype(_TYPES)
    with whole(path) as part:
        index.sort_values("scan_id", ignore_index=True).to_parquet(part, index=False)
