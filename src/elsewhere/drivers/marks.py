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

OLD_NS = 10**18  # September 2001: before any output, and no time that tools take for none
_STEP_NS = 1000


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
    path = stage_mark(stage)
    newest = max((os.lstat(out).st_mtime_ns for out in _existing(stage)), default=0)
    if os.stat(path).st_mtime_ns <= newest:  # by a clock that is ahead of this one
        os.utime(path, ns=(newest + _STEP_NS, newest + _STEP_NS))


def _existing(stage: Stage) -> list[str]:
    return [path for path in rule_outputs(stage) if os.path.lexists(path)]


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
            os.utime(path, ns=(status.st_atime_ns, newest + _STEP_NS), follow_symlinks=False)
            changed = True
    return changed
