"""gpu_slot: runs a command on a free GPU, so that each device has one job under any -j.

Snakemake counts GPUs but names none, so two jobs would pick the same idle device. A slot is a file
lock; the kernel frees it when the job ends, also after `kill -9`.

Usage: ``python -m elsewhere.drivers.gpu_slot 0|1 COMMAND ...``: the number of GPUs that the job
asked for; with 0 the command just runs, as it does under Slurm, which has chosen already. Slots are
``$ELSEWHERE_GPUS`` (such as ``0,1``), else $CUDA_VISIBLE_DEVICES, else all of the NVIDIA driver.
"""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
import time
from pathlib import Path

_DRIVER = Path("/proc/driver/nvidia/gpus")
_WAIT_S = 0.2


def devices() -> list[str]:
    """Return the ids of the GPUs among which a job may choose; none on a machine without."""
    if "SLURM_JOB_ID" in os.environ:
        return []
    named = os.environ.get("ELSEWHERE_GPUS") or os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        items = (item.strip() for item in named.split(","))
        return [item for item in items if item not in ("", "-1")]
    return [str(i) for i in range(len(list(_DRIVER.iterdir())))] if _DRIVER.is_dir() else []


def take(slots: list[str]) -> str:
    """Wait for a free slot and hold it as long as this process, or what it becomes, lives."""
    folder = Path(tempfile.gettempdir(), f"elsewhere-gpu-slots-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    while True:
        for slot in slots:
            lock = os.open(folder / slot.replace("/", "_"), os.O_CREAT | os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            os.set_inheritable(lock, True)
            return slot
        time.sleep(_WAIT_S)


def main() -> None:
    """Take a slot if the job asked for a GPU and there are any, and become the command."""
    asked, command = sys.argv[1:2], sys.argv[2:]
    if asked not in (["0"], ["1"]) or not command:
        sys.exit("usage: python -m elsewhere.drivers.gpu_slot 0|1 COMMAND ...")
    slots = devices() if asked == ["1"] else []
    if slots:
        os.environ["CUDA_VISIBLE_DEVICES"] = take(slots)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
