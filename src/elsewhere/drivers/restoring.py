"""restoring: brings outputs back from DVC's cache instead of making them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from elsewhere.design.fingerprint import Hashes
from elsewhere.design.stage import Stage
from elsewhere.drivers import cache, remotes
from elsewhere.drivers.cache import Entry
from elsewhere.drivers.state import State
from elsewhere.files import remove

# DVC never writes an object again that a remote already has
_REMOTE = "If it came from a remote, remove it there, too: `dvc push` would keep it"
_REFUSED = "{} stages were made elsewhere, but remote '{}' gives nothing, so they run here: {}"
_LOST = (
    "{} stages were made elsewhere, but remote '{}' has not all of their results, so they run "
    "here. Who made them can send them: `dvc push` before settings are changed again"
)


@dataclass
class Restored:
    """What was brought back.

    Attributes
    ----------
    stages
        Names of the stages whose outputs are there again.
    warnings
        A sentence for each damaged object.
    """

    stages: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def restorable(
    graph: Mapping[str, Stage], state: Callable[[str], tuple[State, State | None]]
) -> dict[str, Entry]:
    """Return stale stages that were made before, with what was made, in order.

    They stand in dvc.lock, if only the outputs are others than those, or in the run-cache. Those
    of the run-cache may still have to be fetched, if there is a remote.

    Parameters
    ----------
    graph
        Name to stage, each after those that it reads from.
    state
        Returns a stage as it is now, and as dvc.lock has it.
    """
    entries: dict[str, Entry] = {}
    restored: dict[str, str] = {}
    blocked: set[str] = set()
    for name, stage in graph.items():
        now, lock = state(name)
        if blocked.intersection(stage.files):
            blocked.update(stage.outputs.values())
            continue
        future = replace(now, deps={p: restored.get(p, h) for p, h in now.deps.items()})
        if now == lock and future == now:
            continue
        entry = _cached(future, lock)
        if entry is None:
            blocked.update(stage.outputs.values())
        else:
            entries[name] = entry
            restored.update(entry.outs)
    return entries


def _cached(future: State, lock: State | None) -> Entry | None:
    if lock is not None and future.made_by(lock) and cache.holds_all(lock.outs):
        return Entry({path: str(content) for path, content in lock.outs.items()})
    entries = cache.run_cache_entries(future)
    here = next((entry for entry in entries if entry.here), None)
    return here or (entries[0] if entries and remotes.default() else None)


def fetch(todo: Mapping[str, Entry]) -> list[str]:
    """Fetch the objects of stages that were made elsewhere; return sentences on what is missing.

    DVC shares the entries of a run-cache with `dvc push --run-cache` and `dvc fetch --run-cache`,
    but of their objects only those that dvc.lock names.

    Parameters
    ----------
    todo
        As `restorable` returns it.
    """
    away = {name: entry for name, entry in todo.items() if not entry.here}
    if not away:
        return []
    contents = {content for entry in away.values() for content in entry.outs.values()}
    try:
        with cache.opened() as opened:
            opened.fetch(contents)
    except Exception as error:  # what a protocol raises is its own
        answer = str(error).partition("\n")[0] or type(error).__name__
        return [_REFUSED.format(len(away), remotes.default(), answer)]
    lost = sum(not entry.here for entry in away.values())
    return [_LOST.format(lost, remotes.default())] if lost else []


def restore(todo: Mapping[str, Entry], graph: Mapping[str, Stage], hashes: Hashes) -> Restored:
    """Check out of the cache what need not run.

    What was checked out is compared with its name: a damaged object is told and removed, and its
    stage runs again.

    Parameters
    ----------
    todo
        As `restorable` returns it.
    graph
        Name to stage.
    hashes
        Of files in the workspace.
    """
    restored, lost = Restored(), set[str]()
    with cache.opened() as opened:
        for name, entry in todo.items():
            stage = graph[name]
            if lost.intersection(stage.files) or not entry.here:
                lost.update(stage.outputs.values())
                continue
            # DVC refuses to overwrite files that it did not make
            for path in stage.outputs.values():
                remove(Path(path))
            entry.prefer()
            if opened.restore(name) and _is_whole(entry.outs, hashes, restored.warnings):
                opened.commit(name)
                restored.stages.append(name)
            else:
                lost.update(stage.outputs.values())
    return restored


def _is_whole(entry: Mapping[str, str], hashes: Hashes, warnings: list[str]) -> bool:
    """Return whether outputs are what their objects are named; remove objects that are not."""
    damaged = [path for path, content in entry.items() if hashes.any(path) != content]
    for path in damaged:
        warnings += [
            f"{path}: the object {name} in DVC's cache was damaged and is removed. {_REMOTE}"
            for name in cache.remove_damaged(entry[path])
        ]
        remove(Path(path))
    return not damaged
