"""prepare: the step that converts a site's scans to the lattice and intensities of one input.

It does only what is deterministic; random changes belong to training.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere.design.job import Job
from elsewhere.design.rows import InputRow
from elsewhere.files import whole
from elsewhere.imaging import store
from elsewhere.imaging.preparation import Preparation, Scanned, Voxels, preparation
from elsewhere.progress import reported
from elsewhere.sites import manifest
from elsewhere.unfinished import Unfinished, unfinished
from elsewhere.unfinished import done as remove_kept

log = logging.getLogger(__name__)

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
    """
    scans = manifest.read(job.path("manifest"))
    chosen = preparation(settings.input)
    chosen.check([_scanned(scan) for scan in scans.to_dict("records")])
    with unfinished(job) as kept, whole(job.outputs["arrays"]) as arrays:
        arrays.mkdir(parents=True)
        records = scans.to_dict("records")
        kept.count(map(_key, records), unit="scans")
        rows = [
            _identity(scan) | _prepared(scan, job.path("volumes"), chosen, kept)
            for scan in reported(records, log, total=len(records), unit="scans")
        ]
        kept.hand_over((_name(scan) for scan in records), arrays)
    _write_index(rows, job.outputs["index"])


def done(job: Job) -> None:
    """Remove what was kept of the scans of a site whose outputs are complete."""
    remove_kept(job)


def _prepared(
    scan: dict[Any, Any], volumes: Path, chosen: Preparation, kept: Unfinished
) -> dict[str, Any]:
    """Return what the index says of a scan's array, which a stopped run may have made."""
    key, name = _key(scan), _name(scan)
    before: dict[str, Any] | None = kept.get(key)
    if before is not None:
        return before
    array = chosen.prepared(store.read(volumes / name), _scanned(scan))
    store.write(kept.files / name, array)
    described = _described(array)
    kept.keep(key, described, file=name)
    return described


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
