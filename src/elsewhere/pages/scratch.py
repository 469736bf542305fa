"""scratch: the private folder of a running server, and what a killed one left behind.

It lies in `.elsewhere/` of the project, and not in the system's place for temporary files. There it
is closed to other users, ignored by git and DVC, outside of `results/`, and on the disk where the
project's own scans lie; the other place is often memory, open to all for new names, and emptied by
others. The kernel holds the lock of a running server and frees it however the server ends, so a
folder whose lock is free belongs to nobody.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elsewhere.answers import process

PLACE = Path(".elsewhere/answers")
_LOCK = ".lock"
_PREFIX = "server-"


@dataclass(frozen=True)
class Scratch:
    """The folder of one server; each answer has a folder in it.

    Attributes
    ----------
    folder
        Made by `opened`, with the rights 0700.
    """

    folder: Path

    def make(self) -> Path:
        """Return a new, empty folder for one answer, closed to others."""
        return Path(tempfile.mkdtemp(prefix="answer-", dir=self.folder))

    def held(self) -> int:
        """Return the bytes of all answers together."""
        return process.weight(self.folder)

    def free(self) -> int:
        """Return the bytes that the disk has left."""
        return shutil.disk_usage(self.folder).free


@contextmanager
def opened(place: Path) -> Iterator[Scratch]:
    """Yield a server's folder and remove it at the end, with all that is in it.

    What servers that were killed left is removed first; folders of running ones stay.

    Parameters
    ----------
    place
        The folder of all servers of a project; it is made where it does not exist.

    Raises
    ------
    PermissionError
        If another user owns it, or it is a link: what is written there might be read by others.
    """
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check(place)
    with _locked(place / _LOCK):
        _sweep(place)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        lock = _lock(folder / _LOCK)
    try:
        yield Scratch(folder)
    finally:
        remove(folder)
        os.close(lock)


def sweep(place: Path) -> None:
    """Remove what killed servers left, and what their last processes wrote since."""
    with _locked(place / _LOCK):
        _sweep(place)


def remove(folder: Path) -> None:
    """Remove a folder in which a dying process may still write; what is left is swept later."""
    for _ in range(3):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


def _sweep(place: Path) -> None:
    for folder in place.glob(f"{_PREFIX}*"):
        try:
            lock = _lock(folder / _LOCK)
        except BlockingIOError:
            continue
        except FileNotFoundError:  # it is being removed
            continue
        remove(folder)
        os.close(lock)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of the place, so that no folder is swept before its own lock is held."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock(path: Path) -> int:
    """Return a locked descriptor; no process that is started inherits it.

    Raises
    ------
    BlockingIOError
        If another process holds it.
    """
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


def _check(place: Path) -> None:
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(
            f"{place} is a link, or another user's: remove it, so that scans are kept in a folder "
            "that only you can read"
        )
    place.chmod(0o700)
