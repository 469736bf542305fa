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
from elsewhere.imaging.preparation import Scanned, Voxels, preparation
from elsewhere.progress import reported
from elsewhere.sites import manifest

log = logging.getLogger(__name__)

_TYPES = {
    "scan_id": "str",
    "patient_id": "str",
    "label": "Int64",
    "n_slices": "int64",
    "value_max": "int64",
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

    Raises
    ------
    ValueError
        If the input does not take the scans, such as one of kind image scans of several slices.
    """
    scans = manifest.read(job.path("manifest"))
    rows = []
    chosen = preparation(settings.input)
    chosen.check([_scanned(scan) for scan in scans.to_dict("records")])
    with whole(job.outputs["arrays"]) as arrays:
        arrays.mkdir(parents=True)
        records = scans.to_dict("records")
        for scan in reported(records, log, total=len(records), unit="scans"):
            name = f"{scan['scan_id']}{store.SUFFIX}"
            voxels = store.read(job.path("volumes") / name)
            array = chosen.prepared(voxels, _scanned(scan))
            store.write(arrays / name, array)
            rows.append(_row(scan, array))
    _write_index(rows, job.outputs["index"])


def _scanned(scan: dict[Any, Any]) -> Scanned:
    dz, dy, dx = (float(scan[f"spacing_{axis}_mm"]) for axis in "zyx")
    return Scanned(scan["scan_id"], scan["value_scale"], int(scan["n_slices"]), (dz, dy, dx))


def _row(scan: dict[Any, Any], array: Voxels) -> dict[str, Any]:
    return {
        "scan_id": scan["scan_id"],
        "patient_id": scan["patient_id"],
        "label": scan["label"],
        "n_slices": len(array),
        "value_max": int(array.max()),
        "array_sha256": store.sha256(array),
    }


def _write_index(rows: list[dict[str, Any]], path: Path) -> None:
    index = pd.DataFrame(rows, columns=[*_TYPES]).astype(_TYPES)
    with whole(path) as part:
        index.sort_values("scan_id", ignore_index=True).to_parquet(part, index=False)
