"""listed: whether folders of scans are as their makers left them, asked when a stage begins.

The table beside such a folder stands for it (`stage.LISTED`), so that no driver sees a change of
the folder in what is made from it. Its maker is seen to be stale, and is put right; but not by
`dvc repro --single-item`, and not before a job that begins in a run that was planned already.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from elsewhere.design.fingerprint import Hashes
from elsewhere.design.stage import Stage
from elsewhere.drivers import receipts
from elsewhere.drivers.receipts import Noted
from elsewhere.drivers.state import MEMORY, SENT, locked, read_lock

_PATIENCE_S = (
    60.0  # until another machine's receipt is seen here, as `latency-wait` of the profiles
)
_PAUSE_S = 1.0


class NotAsMadeError(RuntimeError):
    """A folder of scans is not as its maker left it; the message says what puts it right."""


def noted(stage: Stage, graph: Mapping[str, Stage], hashes: Hashes) -> Noted:
    """Return what is noted of a stage's inputs as it begins, see `receipts.noted`.

    Parameters
    ----------
    stage
        About to run.
    graph
        Name to stage, with the makers of its inputs.
    hashes
        Remembers what was hashed.

    Raises
    ------
    NotAsMadeError
        If a folder, or the table that lists it, is neither what the receipt of its maker says nor
        what dvc.lock says. Where neither says anything, nobody knows better than who put it there.
    """
    until = time.monotonic() + (_PATIENCE_S if SENT.exists() else 0)
    makers = _makers(stage, graph)
    while True:
        read = receipts.noted(stage.files, hashes)
        other = [path for path, maker in makers.items() if not _is_as_made(path, maker, read)]
        if not other:
            return read
        if time.monotonic() >= until:
            maker = makers[other[0]].name
            raise NotAsMadeError(
                f"{stage.name}: {other[0]} is not as {maker} left it; `dvc repro {maker}` or "
                "`snakemake -j8` puts it right, then run this again"
            )
        time.sleep(_PAUSE_S)


def _makers(stage: Stage, graph: Mapping[str, Stage]) -> dict[str, Stage]:
    """Return the folders that a stage reads and does not compare, with their makers."""
    folders = {*stage.files} - {*stage.compared}
    return {
        path: maker
        for maker in (graph.values() if folders else ())
        for path in folders.intersection(maker.outputs.values())
    }


def _is_as_made(path: str, maker: Stage, read: Noted) -> bool:
    """Say whether a folder, and what else was read of its maker, are of one of its runs."""
    paths = [path, *(other for other in maker.outputs.values() if other in read and other != path)]
    written = receipts.written(maker)
    if written and all(written.get(each) == read[each] for each in paths):
        return True
    lock = locked(read_lock().get(maker.name))
    if lock is None:
        return not written
    hashes = Hashes(MEMORY)
    same = all(hashes.any(each) == lock.outs.get(each) for each in paths)
    if Path(MEMORY).parent.is_dir():
        hashes.save()
    return same
