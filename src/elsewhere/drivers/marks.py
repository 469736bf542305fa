"""marks: a small file for each stage, by whose time Snakemake knows whether to make the stage.

Each rule reads the mark of its stage, and Snakemake plans what is older than an input of it. So
both tools plan the same through public means alone: the mark of a stage that is shown is older than
any output, that of any other stage is new. Where Snakemake has notes of its own it compares small
inputs by content, so that of a new mark is another each time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from elsewhere.design.stage import Stage
from elsewhere.drivers import links
from elsewhere.drivers.state import rule_inputs, rule_outputs, stage_mark

OLD_NS = 10**18  # September 2001: before any output, and no time that tools take for none
_STEP_NS = 1000
_COARSE_NS = 2 * 10**9  # full ones of these every file system keeps


def write(shown: Sequence[Stage], called: Sequence[Stage]) -> None:
    """Write the marks of all stages, and order the times of their files.

    What Snakemake may make again must be free to be written, also where it makes a stage that is
    shown: after one that is called, or by `-F`. Results of the same content may still be one file
    with several names (`links`), so that a time that is set for one stage may be too new for
    another: the stages are gone through until all agree. Times are only ever raised, to others that
    are there or the next that every file system keeps, so that this ends. What must be made is
    marked last, to be newer than all of them.
    """
    for stage in (*shown, *called):
        links.free(rule_outputs(stage))
    while sum(map(show, shown)):
        pass
    for stage in called:
        call(stage)


def show(stage: Stage) -> bool:
    """Tell Snakemake that a stage need not be made; return whether anything had to be changed."""
    path = stage_mark(stage)
    changed = not os.path.exists(path)
    if changed:
        _write(path, "")
    if os.stat(path).st_mtime_ns != OLD_NS:
        os.utime(path, ns=(OLD_NS, OLD_NS))
        changed = True
    return _order_times(stage) or changed


def call(stage: Stage) -> None:
    """Tell Snakemake to make a stage: its outputs are not shown to be what they should be."""
    path = stage_mark(stage)
    _write(path, f"{time.time_ns()}\n")
    outputs = filter(os.path.lexists, rule_outputs(stage))
    newest = max((os.lstat(output).st_mtime_ns for output in outputs), default=0)
    if os.stat(path).st_mtime_ns <= newest:  # by a clock that is ahead of this one
        os.utime(path, ns=(newest + _STEP_NS, newest + _STEP_NS))


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _order_times(stage: Stage) -> bool:
    """Make no output older than an input; return whether any was."""
    times = [os.stat(path).st_mtime_ns for path in rule_inputs(stage) if os.path.exists(path)]
    newest, changed = max(times, default=0), False
    for path in rule_outputs(stage):
        status = os.lstat(path)
        # a disk that keeps full microseconds or seconds alone cuts a time of another disk
        for time_ns in (newest, -(-newest // _COARSE_NS) * _COARSE_NS):
            if os.lstat(path).st_mtime_ns < newest:
                os.utime(path, ns=(status.st_atime_ns, time_ns), follow_symlinks=False)
        changed |= os.lstat(path).st_mtime_ns > status.st_mtime_ns
    return changed
