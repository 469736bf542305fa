"""alone: one driver in this folder, with files of its own; what a killed one leaves behind."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from elsewhere.files import remove

logger = logging.getLogger(__name__)

OWN = Path(".elsewhere")
CLAIM = OWN / "snakemake.lock"
SNAKEMAKE_LOCKS = Path(".snakemake/locks")
DRIVER = "ELSEWHERE_DRIVER"
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
    if SNAKEMAKE_LOCKS.is_dir():
        remove(SNAKEMAKE_LOCKS)
        SNAKEMAKE_LOCKS.mkdir()
    os.environ[DRIVER] = f"{socket.gethostname()}:{os.getpid()}"
    return True


def follow() -> None:
    """Stop this job, as SIGTERM does, once the driver that started it is gone.

    A job of a killed driver would go on, and hold what the next run needs. Jobs of Snakemake on
    another machine are left to their scheduler.
    """
    host, _, process = os.environ.get(DRIVER, "").rpartition(":")
    if "DVC_STAGE" in os.environ:
        parent = os.getppid()  # a shell that DVC starts with one command becomes that command
        _stop_once(lambda: os.getppid() != parent, "dvc")
    elif process.isdigit() and host == socket.gethostname():
        _stop_once(lambda: not _is_alive(int(process)), "Snakemake")


def _stop_once(is_gone: Callable[[], bool], driver: str) -> None:
    threading.Thread(target=_watch, args=(is_gone, driver), daemon=True).start()


def _watch(is_gone: Callable[[], bool], driver: str) -> None:
    pause = threading.Event()
    while not is_gone():
        pause.wait(_EVERY_S)
    logger.warning("the %s that started this job is gone: stopping", driver)
    os.kill(os.getpid(), signal.SIGTERM)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
