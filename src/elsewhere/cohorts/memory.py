"""memory: how much memory this job may use, and how much of it is for scans that are kept.

Kept scans change no result. A job may be alone on a machine or one of eight, in a cluster's
allocation or a container: by default it keeps scans in up to half of what it may use, and stops
while less than a quarter of that is free, so that jobs side by side share what there is.
"""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "ELSEWHERE_CACHE_GB"  # `machine.cache_gb` of the settings, in 10^9 bytes
_SHARE, _FREE = 0.5, 0.25  # of what a job may use: for scans at most, and what stays free at least
_EVERY = 1 << 26  # bytes of scans between two looks at what is free
PAUSE_SECONDS = 60.0  # until the next look, when little was free
CGROUP, GROUPS_OF_THIS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


class Allowance:
    """Bytes that the scans of all sites of a job may take together; threads may share it.

    Parameters
    ----------
    limit
        Most bytes; None: what `VARIABLE` says, or else a share of memory.
    """

    def __init__(self, limit: int | None = None) -> None:
        stated = os.environ.get(VARIABLE)
        fixed = limit if limit is not None else _bytes(stated) if stated else None
        self._watched = fixed is None
        self.limit = int(usable() * _SHARE) if fixed is None else fixed
        self.used = 0
        self._looked_at = 0
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def has_room(self, nbytes: int) -> bool:
        """Return whether so many bytes may be granted; not for a while after little was free."""
        return self.used + nbytes <= self.limit and time.monotonic() >= self._closed_until

    def take(self, nbytes: int) -> bool:
        """Take so many bytes; return whether they were granted."""
        with self._lock:
            if not self.has_room(nbytes):
                return False
            if self._watched and self.used + nbytes >= self._looked_at:
                if free() - nbytes < usable() * _FREE:
                    self._closed_until = time.monotonic() + PAUSE_SECONDS
                    return False
                self._looked_at = self.used + nbytes + _EVERY
            self.used += nbytes
            return True


def usable() -> int:
    """Return the bytes that this job may use: of the machine, or of its container or allocation."""
    import psutil  # here: a benchmark on another machine has its own limit and no psutil

    return min([int(psutil.virtual_memory().total), *(limit for limit, _ in _limits())])


def free() -> int:
    """Return how many of them nobody uses."""
    import psutil  # as in `usable`

    unused = [limit - used for limit, used in _limits()]
    return min([int(psutil.virtual_memory().available), *unused])


def _limits() -> Iterator[tuple[int, int]]:
    """Yield each limit that is set for this job, and what is used of it."""
    import psutil  # as in `usable`

    own = psutil.Process().memory_info()
    space = resource.getrlimit(resource.RLIMIT_AS)[0]
    if space != resource.RLIM_INFINITY:
        yield space, own.vms
    megabytes = os.environ.get("SLURM_MEM_PER_NODE", "")  # 0 or absent: the whole node
    per_core, cores = (os.environ.get(f"SLURM_{of}") for of in ("MEM_PER_CPU", "CPUS_ON_NODE"))
    if megabytes.isdigit() and int(megabytes):
        yield int(megabytes) << 20, own.rss
    elif per_core and cores:
        yield (int(per_core) * int(cores)) << 20, own.rss
    yield from _cgroups()


def _cgroups() -> Iterator[tuple[int, int]]:
    """Yield limit and use of the control group of this process and of those above it."""
    for path in _groups():
        for most, now, reclaimable in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            try:
                limit = (path / most).read_text().strip()
                if limit == "max" or int(limit) >= 1 << 60:  # none
                    continue
                cached = dict(
                    line.split() for line in (path / "memory.stat").read_text().splitlines()
                )
                used = int((path / now).read_text()) - int(cached.get(reclaimable, 0))
            except (FileNotFoundError, PermissionError):
                continue
            yield int(limit), used


def _groups() -> Iterator[Path]:
    """Yield the folders of this process's control groups, version 2 and 1; none but on Linux."""
    try:
        lines = GROUPS_OF_THIS.read_text().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = CGROUP / "memory" if controllers else CGROUP
        group = top / name.strip("/")
        yield group
        yield from (above for above in group.parents if above == top or top in above.parents)


def _bytes(stated: str) -> int:
    """Return the bytes of a number of gigabytes.

    Raises
    ------
    ValueError
        If it is not a number >= 0.
    """
    try:
        gigabytes = float(stated)
    except ValueError:
        gigabytes = -1.0
    if not 0 <= gigabytes < float("inf"):
        raise ValueError(
            f"{VARIABLE} is '{stated}', expected a number of gigabytes such as 8, or 0 to keep none"
        )
    return int(gigabytes * 1e9)
