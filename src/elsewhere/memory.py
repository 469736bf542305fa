"""memory: how many bytes this job may use, and how many of them are free.

A job may be alone on a machine or one of eight, in a cluster's allocation or in a container.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

CGROUP, GROUPS_OF_THIS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


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
            ("memory.max", "memory.current", ("active_file", "inactive_file")),
            (
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                ("total_active_file", "total_inactive_file"),
            ),
        ):
            try:
                limit = (path / most).read_text().strip()
                if limit == "max" or int(limit) >= 1 << 60:  # none
                    continue
                cached = dict(
                    line.split() for line in (path / "memory.stat").read_text().splitlines()
                )
                files = sum(int(cached.get(name, 0)) for name in reclaimable)
                used = int((path / now).read_text()) - files
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
