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
from elsewhere.drivers.state import LOCK, MEMORY, State, is_young, locked, read_lock
from elsewhere.files import whole

logger = logging.getLogger(__name__)

KNOWN = Path(".elsewhere/listed")  # folders that were held against dvc.lock, and were as it says
LATE_S = 60.0  # until another machine's receipt is seen here, as `latency-wait` of the profiles
_WRITING_S = 30.0  # until dvc.lock is believed to lack what it does not have
_PAUSES_S = (0.2, 5.0)
_CHANGED = "is not as {maker} left it"
_UNSHOWN = "is not what dvc.lock has of {maker}"
_LACKING = "is not in dvc.lock, which was written just now and may lack it"


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
        waited = time.monotonic() - begun
        read = receipts.noted(stage.files, hashes)
        found = [_doubt(*made, read, patient=waited < _WRITING_S) for made in makers.items()]
        doubts = [doubt for doubt in found if doubt]
        if not doubts:
            return read
        is_written = any(_LACKING in doubt for doubt in doubts)
        longest = max(patience_s, _WRITING_S if is_written else 0)
        if waited >= longest:
            raise NotAsMadeError(f"{stage.name}: {'; '.join(doubts)}; then run this again")
        if pause == _PAUSES_S[0]:
            logger.info("%s yet; waiting up to %.0f s", doubts[0].partition(":")[0], longest)
        time.sleep(pause)
        pause = min(2 * pause, _PAUSES_S[1])


def _makers(stage: Stage, graph: Mapping[str, Stage]) -> dict[str, Stage]:
    """Return the folders that a stage reads and does not compare, with their makers."""
    folders = {*stage.files} - {*stage.compared}
    return {
        path: maker
        for maker in (graph.values() if folders else ())
        for path in folders.intersection(maker.outputs.values())
    }


def _doubt(path: str, maker: Stage, read: Noted, *, patient: bool) -> str:
    """Say what is wrong with a folder, or with what else was read of its maker; "" if nothing."""
    tables = [other for other in maker.outputs.values() if other in read and other != path]
    written = receipts.written(maker)
    changed = [each for each in (*tables, path) if written.get(each) != read[each]]
    if written and not changed:
        return ""
    lock = locked(read_lock().get(maker.name))
    if patient and is_young() and (lock is None or not _is_ended()):
        return f"{path} {_LACKING}"
    if lock is None and not written:
        return ""
    if lock is not None:
        changed = [table for table in tables if lock.outs.get(table) != read[table]]
        if not changed and _has(maker, path, read, lock):
            return ""
    says = (_CHANGED if written else _UNSHOWN).format(maker=maker.name)
    return f"{' and '.join(changed or [path])} {says}: {_remedy(maker.name, lock)}"


def _is_ended() -> bool:
    """Say whether dvc.lock ends as DVC ends it."""
    return LOCK.read_bytes()[-1:] == b"\n"


def _remedy(maker: str, lock: State | None) -> str:
    if not Path(".dvc").is_dir():
        return "`snakemake -j8` makes it again"
    again = f"`dvc repro {maker}` or `snakemake -j8` makes it again from the data that are here"
    if lock is None:
        return again
    return (
        f"`dvc checkout {maker}` brings back what dvc.lock has; where dvc.lock came by git, "
        f"`dvc pull` brings that of all stages; {again}"
    )


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
