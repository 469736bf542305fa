"""apart: volumes that stay out of DVC's cache by the user's choice (`uncached` in the settings).

They lie on disk once, and `dvc push` does not send them. In a clone they are absent, while
dvc.lock says what they were: as long as nothing that must be made reads them, they count as that.
Else their makers run again, from raw data, and what they make is compared by content as ever.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from elsewhere.design.stage import Stage

if TYPE_CHECKING:  # which imports what writes dvc.yaml, and that imports this
    from elsewhere.drivers.state import State

# step to the output that stays out, and whether the row of the site has a say
_OUTPUTS = {"ingest": ("volumes", None), "prepare": ("arrays", "arrays")}


def paths(graph: Mapping[str, Stage], uncached: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Return the outputs that stay out of the cache.

    Parameters
    ----------
    graph
        Name to stage.
    uncached
        The table `uncached` of the settings, plain.
    """
    found = set()
    for stage in graph.values():
        row = uncached.get(stage.wildcards.get("site", ""))
        output, key = _OUTPUTS.get(stage.step, ("", None))
        if row is not None and output and (key is None or row.get(key, True)):
            found.add(stage.outputs[output])
    return frozenset(found)


def filled(now: State, lock: State | None, apart: frozenset[str]) -> State:
    """Return a state in which outputs that are absent by choice are what dvc.lock says.

    As inputs they are not compared, see `stage.LISTED`.
    """
    if lock is None or not apart:
        return now
    absent = {path for path, content in now.outs.items() if content is None and path in apart}
    return replace(now, outs={**now.outs, **{path: lock.outs.get(path) for path in absent}})


def makers(
    graph: Mapping[str, Stage], called: Iterable[str], apart: frozenset[str]
) -> dict[str, str]:
    """Return the stages that must run again because others need what is absent by choice.

    Parameters
    ----------
    graph
        Name to stage, each after those that it reads from.
    called
        Names of the stages that must be made in any case. Snakemake also makes what follows.
    apart
        What stays out of the cache.

    Returns
    -------
    dict of str to str
        Name to the absent output.
    """
    absent = {path for path in apart if not os.path.exists(path)}
    begun, found = {*called}, dict[str, str]()
    while absent:
        needed = absent.intersection(_read(graph, begun))
        new = {
            name: path
            for name, stage in graph.items()
            for path in needed.intersection(stage.outputs.values())
            if name not in begun
        }
        if not new:
            break
        found |= new
        begun.update(new)
    return found


def _read(graph: Mapping[str, Stage], begun: Iterable[str]) -> set[str]:
    """Return all files that these stages and those that follow from them read."""
    begun, changed, read = {*begun}, set[str](), set[str]()
    for name, stage in graph.items():
        if name in begun or changed.intersection(stage.files):
            changed.update(stage.outputs.values())
            read.update(stage.files)
    return read


def sentence(found: Mapping[str, str]) -> str:
    """Say which of them are made again; "" if none is."""
    if not found:
        return ""
    first, path = next(iter(found.items()))
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return (
        f"{path}{more}, kept out of the cache (`uncached` in the settings), are needed and not "
        f"here: they are made again, and what follows as well. `dvc repro {first}` before this "
        "makes them alone"
    )
