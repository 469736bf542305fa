"""alive: which drivers run in a folder now, told from their locks and the processes they name."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from elsewhere.drivers.alone import CLAIM

DVC_LOCK = Path(".dvc/tmp/lock")
_SLACK_S = 2.0  # clocks of files and of processes differ a little


@dataclass(frozen=True)
class Driver:
    """A process that plans and starts jobs.

    Attributes
    ----------
    name
        What a user typed: ``snakemake`` or ``dvc repro``.
    process
        Its number.
    since
        When it began, in seconds since 1970.
    """

    name: str
    process: int
    since: float


def drivers(root: Path = Path()) -> Iterator[Driver]:
    """Yield the drivers of this machine that run in a folder."""
    if found := _of(root / CLAIM, _claimed(root / CLAIM)):
        yield Driver("snakemake", found.pid, found.create_time())
    found = _of(root / DVC_LOCK, _number(root / DVC_LOCK))
    if found is not None and "repro" in _command(found):  # other commands take this lock too
        yield Driver("dvc repro", found.pid, found.create_time())


def _claimed(path: Path) -> int | None:
    """Return the process that claimed a folder for Snakemake, if on this machine."""
    try:
        claim = json.loads(path.read_text(encoding="utf-8"))
        return int(claim["process"]) if claim["host"] == socket.gethostname() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _of(lock: Path, number: int | None) -> psutil.Process | None:
    """Return the living process that wrote a lock.

    A lock may outlive its process, and its number may be given again: a process that began after
    the lock was written did not write it.
    """
    try:
        process = psutil.Process(number) if number else None
        if process is None or process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process if process.create_time() <= lock.stat().st_mtime + _SLACK_S else None
    except (psutil.Error, OSError):
        return None


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
