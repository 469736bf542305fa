"""marks: a small file for each stage, by whose time Snakemake knows whether to make the stage.

Each rule reads the mark of its stage, and Snakemake plans what is older than an input of it. So
both tools plan the same through public means alone: the mark of a stage that is shown is older than
any output, that of any other stage is new. Where Snakemake has notes of its own it compares small
inputs by content, so that of a new mark is another each time.
"""

from __future__ import annotations

import os
import time

from elsewhere.design.fingerprint import canonical, md5
from elsewhere.design.stage import Stage
from elsewhere.drivers.state import State, rule_inputs, rule_outputs, stage_mark
from elsewhere.files import whole

OLD_NS = 10**18  # September 2001: before any output, and no time that tools take for none


def show(stage: Stage, now: State) -> bool:
    """Tell Snakemake that a stage need not be made; return whether anything had to be changed."""
    path = stage_mark(stage)
    written = _first_line(path) != _digest(stage, now)
    if written:
        _write(stage, f"{_digest(stage, now)}\n")
    changed = written or os.stat(path).st_mtime_ns != OLD_NS
    if changed:
        os.utime(path, ns=(OLD_NS, OLD_NS))
    return _order_times(stage) or changed


def call(stage: Stage, now: State) -> None:
    """Tell Snakemake to make a stage: its outputs are not shown to be what they should be."""
    _write(stage, f"{_digest(stage, now)}\n{time.time_ns()}\n")


def _digest(stage: Stage, now: State) -> str:
    """Return what the mark says of settings, code and the set of inputs."""
    return md5(canonical([now.digest(stage), rule_inputs(stage)]))


def _first_line(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().rstrip("\n")
    except FileNotFoundError:
        return None


def _write(stage: Stage, text: str) -> None:
    path = stage_mark(stage)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _order_times(stage: Stage) -> bool:
    """Make outputs newer than inputs; return whether any was not."""
    times = [os.stat(path).st_mtime_ns for path in rule_inputs(stage) if os.path.exists(path)]
    newest, changed = max(times, default=0), False
    for path in rule_outputs(stage):
        status = os.lstat(path)
        if status.st_mtime_ns <= newest:
            os.utime(path, ns=(status.st_atime_ns, newest + 1000), follow_symlinks=False)
            changed = True
    return changed
