"""queued: jobs in Slurm's queue that a Snakemake which is gone has sent from this folder.

They outlive it. Planned again while they run, a stage would be made twice: Snakemake removes the
outputs of a job before it starts it, also those that the first has just finished.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from elsewhere.drivers.console import say
from elsewhere.drivers.state import SENT

EVERY_S = 2.0
_FIELDS = "%i|%A|%T|%Z|%k"  # name, number, state, working folder, comment


@dataclass(frozen=True)
class Queued:
    """A job in the queue.

    Attributes
    ----------
    name
        ``number``, or ``array_task``: by the number of what waits, `scancel` takes the whole array.
    state
        As Slurm says it.
    """

    name: str
    state: str


def note() -> None:
    """Note that jobs of this folder go to a cluster."""
    SENT.touch()


def settle() -> None:
    """Settle what an earlier run has in the queue; to be called with the folder's lock.

    A job that waits has done nothing that could be lost, or has a checkpoint: it is taken back, and
    planned anew. One that runs keeps its place: this process waits, and what it makes is committed.
    """
    if SENT.exists():
        _take_back()
        _wait()
        SENT.unlink()


def _take_back() -> None:
    waiting = [job.name for job in sent() if job.state == "PENDING"]
    if waiting:
        say(f"{len(waiting)} jobs of an earlier run wait in the queue: taken back, planned anew")
        subprocess.run(["scancel", *waiting], check=False, capture_output=True)


def _wait() -> None:
    told: list[str] = []
    while running := [job.name for job in sent()]:
        if running != told:
            say(
                f"waiting for jobs of an earlier run, to use what they make: {' '.join(running)}; "
                "after `scancel` of them they go on from their checkpoints in this run"
            )
        told = running
        time.sleep(EVERY_S)


def sent(folder: Path | None = None) -> list[Queued]:
    """Return the user's jobs that Snakemake sent from a folder and that have not ended.

    Parameters
    ----------
    folder
        Of the project; default: the present one.
    """
    if shutil.which("squeue") is None:
        return []
    asked = subprocess.run(
        ["squeue", "--me", "--array", "--noheader", f"--format={_FIELDS}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        say(f"Slurm does not say whether jobs of an earlier run go on: {asked.stderr.strip()}")
        return []
    return _of(asked.stdout, (folder or Path.cwd()).resolve())


def _of(text: str, folder: Path) -> list[Queued]:
    own = os.environ.get("SLURM_JOB_ID")  # this Snakemake may be a job itself
    rows = [line.split("|", 4) for line in text.splitlines()]
    return [
        Queued(name, state)
        for name, number, state, place, comment in (row for row in rows if len(row) == 5)
        if comment.startswith("rule_") and Path(place).resolve() == folder and number != own
    ]
