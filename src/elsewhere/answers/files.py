"""files: the files of one question in its private folder, which two processes write and read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elsewhere.imaging import store
from elsewhere.imaging.preparation import Scanned

ASKED = "asked.json"  # for the process `intake`: folder, modality, row of intakes
READ = "read.json"  # from it: scans and files without a scan
SAID = "said.json"  # from the process `predict`: what each run says of each scan
VOLUMES, ARRAYS = "volumes", "arrays"  # folders


def volume_file(work: Path, number: int) -> Path:
    """Return the file of the voxels of a scan."""
    return work / f"volume-{number}{store.SUFFIX}"


def map_file(work: Path, number: int) -> Path:
    """Return the file of the Grad-CAM map of a scan."""
    return work / f"map-{number}{store.SUFFIX}"


def read_json(path: Path) -> Any:
    """Return the content of one of the files."""
    return json.loads(path.read_text(encoding="utf-8"))


def spacing(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the columns of the spacing, in mm: a null of `READ` is a number that is not known."""
    columns = [f"spacing_{axis}_mm" for axis in "zyx"]
    return {name: math.nan if row[name] is None else float(row[name]) for name in columns}


def scanned(row: Mapping[str, Any]) -> Scanned:
    """Return what an input must know of a scan of `READ`."""
    dz, dy, dx = spacing(row).values()
    return Scanned("this scan", row["value_scale"], int(row["n_slices"]), (dz, dy, dx))
