"""stage_lock: one process at a time makes a stage, whichever driver started it."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elsewhere.design.stage import Stage
from elsewhere.files import remove

logger = logging.getLogger(__name__)

FOLDER = Path(".elsewhere/locks")
EVERY_S = 0.5
_QUESTION, _TYPE = ("qqihh", 3) if sys.platform == "darwin" else ("hhqqi4x", 0)  # struct flock


@dataclass(frozen=True)
class Holder:
    """The process that makes a stage now."""

    process: int
    host: str
    driver: str


def path(name: str) -> Path:
    """Return the lock of a stage; its time is when the last job began."""
    return FOLDER / f"{name}.lock"


@contextmanager
def held(stage: Stage) -> Iterator[bool]:
    """Hold the lock of a stage; yield whether another process held it before.

    The kernel frees the lock of a dead process, so nothing is left to remove by hand. POSIX locks
    are not inherited by workers, which may outlive the process, and work over NFS.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with path(stage.name).open("a+", encoding="utf-8") as file:
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


def holder(name: str, *, root: Path = Path()) -> Holder | None:
    """Return who makes a stage now, None if nobody does; asks the kernel and takes no lock.

    Parameters
    ----------
    name
        Of the stage.
    root
        Folder of the project.
    """
    try:
        with (root / path(name)).open(encoding="utf-8") as file:
            return _told(file.read()) if _is_taken(file.fileno()) else None
    except FileNotFoundError:
        return None


def _is_taken(descriptor: int) -> bool:
    fields = [0] * 5
    fields[_TYPE] = fcntl.F_WRLCK
    answer = fcntl.fcntl(descriptor, fcntl.F_GETLK, struct.pack(_QUESTION, *fields))
    return bool(struct.unpack(_QUESTION, answer)[_TYPE] != fcntl.F_UNLCK)


def sweep(stage: Stage) -> None:
    """Remove what killed processes left of a stage's outputs; to be called with the lock held."""
    for output in map(Path, stage.outputs.values()):
        for left in output.parent.glob(f".part-*-{output.name}"):
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


def _told(text: str) -> Holder:
    try:
        fields = json.loads(text)
        return Holder(int(fields["process"]), str(fields["host"]), str(fields["driver"]))
    except (ValueError, KeyError):  # it has the lock and has not yet written who it is
        return Holder(0, "", "")


def _holder(text: str) -> str:
    told = _told(text)
    if not told.driver:
        return "another process, which makes this stage now"
    return (
        f"process {told.process} on {told.host}, started by {told.driver}, "
        "which makes this stage now"
    )
