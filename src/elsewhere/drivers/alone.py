"""alone: one driver in this folder, with files of its own; what a killed one leaves behind."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import psutil

from elsewhere.files import remove

logger = logging.getLogger(__name__)

OWN = Path(".elsewhere")
CLAIM = OWN / "snakemake.lock"
SNAKEMAKE_LOCKS = Path(".snakemake/locks")
DRIVER = "ELSEWHERE_DRIVER"
SHELLS = ("sh", "dash", "bash", "zsh", "fish", "ksh", "mksh", "busybox", "ash", "tcsh", "csh")
_EVERY_S = 1.0
_held: list[int] = []


def private() -> None:
    """Close the folder of this machine's secrets, locks and caches to other users.

    DVC keeps its index there, which names raw files, and opens what it makes to everybody.
    """
    OWN.mkdir(mode=0o700, exist_ok=True)
    OWN.chmod(0o700)


def claim() -> bool:
    """Lock this folder as long as this process lives; return False if another process has it.

    Snakemake's own lock stays after `kill -9` and must then be removed by hand. The kernel frees
    this one, so the process that gets it knows that no other Snakemake runs in this folder and
    that a lock of Snakemake's is stale.
    """
    CLAIM.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(CLAIM, os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return False
    _held.append(lock)
    os.ftruncate(lock, 0)
    os.write(lock, json.dumps({"host": socket.gethostname(), "process": os.getpid()}).encode())
    if SNAKEMAKE_LOCKS.is_dir():
        remove(SNAKEMAKE_LOCKS)
        SNAKEMAKE_LOCKS.mkdir()
    os.environ[DRIVER] = f"{socket.gethostname()}:{os.getpid()}"
    return True


def lead_nobody() -> None:
    """Let the jobs of this process outlive it: a cluster may start one on this very machine."""
    os.environ.pop(DRIVER, None)


def follow() -> None:
    """Stop this job, as SIGTERM does, once the driver that started it is gone.

    A job of a killed driver would go on, and hold what the next run needs. Jobs that Snakemake
    sent to a cluster name no driver, or one of another machine: they are left to their scheduler.
    """
    host, _, process = os.environ.get(DRIVER, "").rpartition(":")
    if "DVC_STAGE" in os.environ:
        _stop_once(_lost_dvc(), "dvc")
    elif process.isdigit() and host == socket.gethostname():
        _stop_once(lambda: not _is_alive(int(process)), "Snakemake")


def _lost_dvc() -> Callable[[], bool]:
    """Return what says whether the DVC that started this job is gone.

    DVC starts a command through the user's shell. Some shells become the command, others, such as
    the `sh` of Debian, wait for it and outlive DVC; then it is the shell that gets another parent.
    """
    import psutil

    parent = psutil.Process(os.getppid())
    above = parent.ppid() if parent.name().lstrip("-") in SHELLS else None

    def is_lost() -> bool:
        if os.getppid() != parent.pid:
            return True
        return above is not None and parent.ppid() != above

    return is_lost


def _stop_once(is_gone: Callable[[], bool], driver: str) -> None:
    threading.Thread(target=_watch, args=(is_gone, driver), daemon=True).start()


def _watch(is_gone: Callable[[], bool], driver: str) -> None:
    pause = threading.Event()
    while not is_gone():
        pause.wait(_EVERY_S)
    logger.warning("the %s that started this job is gone: stopping", driver)
    os.kill(os.getpid(), signal.SIGTERM)


def _is_alive(process: int) -> bool:
    try:  # a killed process stays until its parent has asked for its result
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
