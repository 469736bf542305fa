"""stage_lock: one process at a time makes a stage, whichever driver started it."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from elsewhere.design.stage import Stage
from elsewhere.files import remove

logger = logging.getLogger(__name__)

FOLDER = Path(".elsewhere/locks")
EVERY_S = 0.5


@contextmanager
def held(stage: Stage) -> Iterator[bool]:
    """Hold the lock of a stage; yield whether another process held it before.

    The kernel frees the lock of a dead process, so nothing is left to remove by hand. POSIX locks
    are not inherited by workers, which may outlive the process, and work over NFS.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{stage.name}.lock").open("a+", encoding="utf-8") as file:
        waited = False
        while not _taken(file.fileno()):
            if not waited:
                file.seek(0)
                logger.warning("%s: waiting for %s", stage.name, _holder(file.read()))
            waited = True
            time.sleep(EVERY_S)
        file.truncate(0)
        file.write(json.dumps(_me()))
        file.flush()
        yield waited


def sweep(stage: Stage) -> None:
    """Remove what killed processes left of a stage's outputs; to be called with the lock held."""
    for path in map(Path, stage.outputs.values()):
        for left in path.parent.glob(f".part-*-{path.name}"):
            remove(left)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # which of them, the system decides
        return False
    return True


def _me() -> dict[str, str | int]:
    return {"process": os.getpid(), "host": socket.gethostname(), "driver": _driver()}


def _driver() -> str:
    if "DVC_STAGE" in os.environ:
        return "dvc repro"
    return "snakemake" if "--expect" in sys.argv else "a user"


def _holder(text: str) -> str:
    try:
        holder = json.loads(text)
        return (
            f"process {holder['process']} on {holder['host']}, started by {holder['driver']}, "
            "which makes this stage now"
        )
    except (ValueError, KeyError):  # it has the lock and has not yet written who it is
        return "another process, which makes this stage now"
