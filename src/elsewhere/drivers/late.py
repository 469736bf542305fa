"""late: waits at the end of a run for what jobs made elsewhere, and this machine does not see yet.

A network's file system remembers for seconds what a folder held, and that a file was absent. What
was made anew is told by its inode and time against those of before, never by the clock: those of
other machines may differ.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable

from elsewhere.design.stage import Stage
from elsewhere.drivers.console import say
from elsewhere.drivers.state import rule_outputs

_PAUSE_S = 0.2
_SAID = (
    "{} stages have ended, but not all that shows how they were made is seen here yet: the next "
    "`snakemake` commits them, or makes them again. Until then `dvc repro` would make them again"
)
_Seen = tuple[tuple[int, int] | None, ...]
_called: dict[str, tuple[Stage, _Seen]] = {}  # of this process, which plans and ends a run


def note(called: Iterable[Stage]) -> None:
    """Note what is there of the stages that Snakemake is told to make."""
    _called.clear()
    _called.update({stage.name: (stage, _seen(stage)) for stage in called})


def wait(is_shown: Callable[[str], bool], *, seconds: float) -> None:
    """Wait until all stages that were made are shown, and say so if some are not.

    Parameters
    ----------
    is_shown
        Says whether what made a stage, by name, is seen here and is complete.
    seconds
        How long at most. A stage whose inputs changed while it ran is never shown.
    """
    until = time.monotonic() + seconds
    left = [name for name, (stage, before) in _called.items() if _is_made(stage, before)]
    while left := [name for name in left if not is_shown(name)]:
        if time.monotonic() >= until:
            say(_SAID.format(len(left)))
            return
        time.sleep(_PAUSE_S)


def _is_made(stage: Stage, before: _Seen) -> bool:
    now = _seen(stage)
    return None not in now and now != before


def _seen(stage: Stage) -> _Seen:
    return tuple(map(_of, rule_outputs(stage)))


def _of(path: str) -> tuple[int, int] | None:
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns
