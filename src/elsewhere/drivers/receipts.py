"""receipts: what a finished job read and wrote, so that a later run can believe its outputs.

A job writes its own receipt. So it does not matter whether the driver that started the job was
still there when it ended.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from elsewhere.design.fingerprint import Hashes, files_below
from elsewhere.design.stage import Stage
from elsewhere.drivers.state import RAW
from elsewhere.files import whole

logger = logging.getLogger(__name__)

FOLDER = Path(".elsewhere/receipts")
Noted = Mapping[str, str | None]


def noted(paths: Iterable[str], hashes: Hashes) -> Noted:
    """Return what is noted of each path: the hash of a file, the state of a folder.

    Snakemake sets the time of a file that a job has written, so a file is known by its content.
    So are raw data, whose hashes are remembered. A folder of volumes is too large for that; it is
    known by the times and sizes of its files, which Snakemake leaves alone. Another machine may see
    other inodes, and times in full microseconds.
    """
    return {
        path: _state(path) if os.path.isdir(path) and not path.startswith(RAW) else hashes.any(path)
        for path in paths
    }


def _state(top: str) -> str:
    lines = []
    for name, path in files_below(Path(top)):
        try:
            status = os.stat(path)
        except FileNotFoundError:  # a link to nothing
            lines.append(f"{name}\0gone")
            continue
        lines.append(f"{name}\0{status.st_mtime_ns // 1000} {status.st_size}")
    return hashlib.blake2b("\n".join(sorted(lines)).encode(), digest_size=16).hexdigest()


def write(stage: Stage, digest: str, read: Noted, hashes: Hashes) -> bool:
    """Write the receipt of a job that has just finished; return whether there is one.

    Parameters
    ----------
    stage
        The stage that was run.
    digest
        Hash of its settings and code.
    read
        What was noted of its inputs when it began. If they changed since, nobody knows what the
        outputs were made from: there is no receipt, and the job runs again.
    hashes
        Those of `read`, so that no input is hashed twice.
    """
    if noted(stage.files, hashes) != read:
        forget(stage)
        logger.warning("%s: an input changed while this ran; it will run again", stage.name)
        return False
    written = noted(stage.outputs.values(), hashes)
    receipt = {"digest": digest, "read": read, "written": written}
    with whole(path(stage)) as part:
        part.write_text(json.dumps(receipt, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return True


def holds(stage: Stage, digest: str, hashes: Hashes) -> bool:
    """Return whether a job with these settings and code made the outputs from the inputs of now."""
    written = noted(stage.outputs.values(), hashes)
    now = {"digest": digest, "read": noted(stage.files, hashes), "written": written}
    return _read(stage) == now and None not in written.values()


def written(stage: Stage) -> Noted:
    """Return what was noted of a stage's outputs when they had been made; empty if nothing was."""
    found = _read(stage).get("written")
    return found if isinstance(found, dict) else {}


def _read(stage: Stage) -> dict[str, Any]:
    """Return the receipt of a stage; empty if there is none, or none that can be read."""
    try:
        return dict(json.loads(path(stage).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def forget(stage: Stage) -> None:
    """Remove the receipt of a stage."""
    path(stage).unlink(missing_ok=True)


def path(stage: Stage) -> Path:
    """Return where the receipt of a stage lies."""
    return FOLDER / f"{stage.name}.json"
