"""stale: finds the stages behind a result that are not up to date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elsewhere.design.fingerprint import Hashes
from elsewhere.design.stage import Stage
from elsewhere.drivers import receipts
from elsewhere.drivers.state import MEMORY, Workspace, difference, locked, read_lock


def behind(graph: Mapping[str, Stage], name: str) -> dict[str, Stage]:
    """Return a stage and all stages that it is made of, in the order of the graph."""
    makers = {path: stage.name for stage in graph.values() for path in stage.outputs.values()}
    needed, todo = set[str](), [name]
    while todo:
        at = todo.pop()
        if at not in needed:
            needed.add(at)
            todo += [makers[path] for path in graph[at].files if path in makers]
    return {at: stage for at, stage in graph.items() if at in needed}


def stale(stages: Mapping[str, Stage], values: Mapping[str, Any]) -> dict[str, str]:
    """Return the stages that neither driver made as they are now, and how each differs.

    Stages that are stale only because an input of theirs is stale are left out.

    Parameters
    ----------
    stages
        Those to look at.
    values
        The settings, plain.
    """
    workspace, lock = Workspace(values, Hashes(MEMORY)), read_lock()
    workspace.write_marks(stages)
    now = {name: workspace.now(stage) for name, stage in stages.items()}
    differs = {
        name: difference(stage, now[name], locked(lock.get(name)))
        for name, stage in stages.items()
        if now[name] != locked(lock.get(name))
    }
    unknown = {}  # a job may have finished that DVC does not know of yet
    for name, reason in differs.items():
        digest = now[name].digest(stages[name])
        if not receipts.holds(stages[name], digest, workspace.hashes):
            unknown[name] = reason
    workspace.save()
    return unknown
