"""listed: whether folders of scans are as their makers left them, asked when a stage begins.

The table beside such a folder stands for it (`stage.LISTED`), so that no driver sees a change of
the folder in what is made from it. Its maker is seen to be stale, and is put right; but not by
`dvc repro --single-item`, and not before a job that begins in a run that was planned already.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from elsewhere.design.fingerprint import Hashes
from elsewhere.design.stage import Stage
from elsewhere.drivers import receipts
from elsewhere.drivers.receipts import Noted
from elsewhere.drivers.state import LOCK, MEMORY, State, locked, read_lock
from elsewhere.files import whole

logger = logging.getLogger(__name__)

KNOWN = Path(".elsewhere/listed")  # folders that were held against dvc.lock, and were as it says
LATE_S = 60.0  # until another machine's receipt is seen here, as `latency-wait` of the profiles
_WRITING_S = 30.0  # until another process has written dvc.lock
_YOUNG_S = 10.0  # DVC writes it in place, so that it lacks entries for a while
_PAUSES_S = (0.2, 5.0)
_CHANGED = "is not as {maker} left it"
_UNSHOWN = (
    "is not what dvc.lock has of {maker}, and no receipt shows what {maker} made it from: its "
    "inputs may have changed while it ran"
)
_WRITING = "cannot be held against dvc.lock, which another process has not finished writing"


class NotAsMadeError(RuntimeError):
    """A folder of scans is not as its maker left it; the message says what puts it right."""


def noted(
    stage: Stage, graph: Mapping[str, Stage], hashes: Hashes, *, patience_s: float = 0
) -> Noted:
    """Return what is noted of a stage's inputs as it begins, see `receipts.noted`.

    Parameters
    ----------
    stage
        About to run.
    graph
        Name to stage, with the makers of its inputs.
    hashes
        Remembers what was hashed.
    patience_s
        How long a receipt of another machine may take to be seen here.

    Raises
    ------
    NotAsMadeError
        If a folder, or the table that lists it, is neither what the receipt of its maker says nor
        what dvc.lock says. Where neither says anything, nobody knows better than who put it there.
    """
    makers, begun, pause = _makers(stage, graph), time.monotonic(), _PAUSES_S[0]
    while True:
        read = receipts.noted(stage.files, hashes)
        doubts = {path: _doubt(path, maker, read) for path, maker in makers.items()}
        doubts = {path: doubt for path, doubt in doubts.items() if doubt}
        if not doubts:
            return read
        longest = max(patience_s, _WRITING_S if _WRITING in doubts.values() else 0)
        path, doubt = next(iter(doubts.items()))
        said = f"{path} {doubt.format(maker=makers[path].name)}"
        if time.monotonic() - begun >= longest:
            raise NotAsMadeError(f"{stage.name}: {said}; {_remedy(makers[path].name)}")
        if pause == _PAUSES_S[0]:
            logger.info("%s yet; waiting up to %.0f s", said, longest)
        time.sleep(pause)
        pause = min(2 * pause, _PAUSES_S[1])


def _remedy(maker: str) -> str:
    right = (
        f"`dvc repro {maker}` or `snakemake -j8`" if Path(".dvc").is_dir() else "`snakemake -j8`"
    )
    return f"{right} puts it right, then run this again"


def _makers(stage: Stage, graph: Mapping[str, Stage]) -> dict[str, Stage]:
    """Return the folders that a stage reads and does not compare, with their makers."""
    folders = {*stage.files} - {*stage.compared}
    return {
        path: maker
        for maker in (graph.values() if folders else ())
        for path in folders.intersection(maker.outputs.values())
    }


def _doubt(path: str, maker: Stage, read: Noted) -> str:
    """Say what is wrong with a folder, or with what else was read of its maker; "" if nothing."""
    tables = [other for other in maker.outputs.values() if other in read and other != path]
    written = receipts.written(maker)
    if written and all(written.get(each) == read[each] for each in (path, *tables)):
        return ""
    try:
        lock = _lock(maker.name)
    except (ValueError, KeyError, TypeError):
        return _WRITING
    if lock is None:
        return _CHANGED if written else ""
    if all(lock.outs.get(each) == read[each] for each in tables) and _has(maker, path, read, lock):
        return ""
    return _CHANGED if written else _UNSHOWN


def _lock(name: str) -> State | None:
    """Return what dvc.lock has of a stage; ValueError if it is being written."""
    if not LOCK.is_file():
        return None
    if not LOCK.read_text(encoding="utf-8").endswith("\n"):
        raise ValueError(f"{LOCK} is being written")
    lock = locked(read_lock().get(name))
    if lock is None and abs(time.time() - LOCK.stat().st_mtime) < _YOUNG_S:
        raise ValueError(f"{LOCK} may lack what is still being written")
    return lock


def _has(maker: Stage, path: str, read: Noted, lock: State) -> bool:
    """Say whether a folder has the content that dvc.lock says.

    What was found once is remembered by times and sizes, which all machines see alike; the hashes
    of files are remembered with inodes, which they do not.
    """
    known, now = KNOWN / f"{maker.name}.json", [read[path], lock.outs.get(path)]
    with suppress(OSError, ValueError):
        if json.loads(known.read_text(encoding="utf-8")) == now:
            return True
    if Hashes(MEMORY).any(path) != lock.outs.get(path):
        return False
    if os.access(KNOWN.parent, os.W_OK):
        with suppress(OSError), whole(known) as part:  # other machines may write it, too
            part.write_text(json.dumps(now), encoding="utf-8")
    return True
