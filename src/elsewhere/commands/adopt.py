"""adopt: keeps finished results after a change of code that was shown to be neutral."""

from __future__ import annotations

from pathlib import Path

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.drivers import pipeline
from elsewhere.drivers.bridge import Bridge
from elsewhere.drivers.state import CODE, difference
from elsewhere.files import csv_lines

RECORD = Path("adopted.csv")


class AdoptError(ValueError):
    """A result cannot be adopted."""


def adopt(names: list[str], *, reason: str) -> list[str]:
    """Record stages as made by the present code, and the reason why that is true.

    Only a change of code can be adopted: inputs, settings and outputs must be those of dvc.lock.

    Parameters
    ----------
    names
        Stage names; ``["all"]`` for every stage that only its code makes stale.
    reason
        Appended with each name to adopted.csv, which belongs into git.

    Raises
    ------
    AdoptError
        If the reason is empty, or a named stage differs in more than its code.
    """
    if not reason.strip():
        raise AdoptError("--reason is empty: say how the change was shown to be neutral")
    values = tables.read()
    params = tables.parse(values)
    graph = stages(params)
    pipeline.write(params)
    pipeline.write_read_by_dvc(values, params)  # the lists of code that DVC hashes
    bridge = Bridge(values, graph)
    stale = {name: bridge.state(name) for name in bridge.stale()}
    differs = {name: difference(graph[name], *pair) for name, pair in stale.items()}
    neutral = [name for name, what in differs.items() if what == CODE]
    chosen = neutral if names == ["all"] else names
    for name in chosen:
        if name not in graph:
            raise AdoptError(f"{name}: no such stage; `dvc stage list` names them")
        if name in stale and name not in neutral:
            raise AdoptError(f"{name}: {differs[name]}, not only its code")
    todo = [name for name in chosen if name in stale]
    if not todo:
        return []
    bridge.record(todo)
    _append(todo, reason)
    return todo


def _append(names: list[str], reason: str) -> None:
    new = not RECORD.exists()
    rows = [["stage", "reason"]] if new else []
    with RECORD.open("a", newline="", encoding="utf-8") as stream:
        stream.write(csv_lines([*rows, *([name, reason] for name in names)]))
