"""known: what was measured on other machines or is stated by publishers, from known.yaml.

`elsewhere estimate` and what jobs ask of a cluster rest on this one table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from elsewhere.design.amount import Amount, between, unknown
from elsewhere.design.stage import Stage

FILE = Path(__file__).with_name("known.yaml")
CONDITIONS = (
    *("step", "study", "scale", "site", "layout", "network", "input", "device", "values"),
    "what",
)


@dataclass(frozen=True)
class Rate:
    """How long one unit of work takes.

    Attributes
    ----------
    of
        The unit: iteration, scan, pair of scans, or stage.
    seconds
        Of one unit.
    memory
        Most memory of a job, in bytes.
    memory_of_scan
        Bytes that each scan of the job needs; 0 where `memory` says all.
    """

    of: str
    seconds: Amount
    memory: Amount
    memory_of_scan: float = 0.0


def facts(stage: Stage, *, scale: str, device: str) -> dict[str, str]:
    """Return what rows of the table may ask of a stage.

    Parameters
    ----------
    stage
        A stage of the graph.
    scale
        At which it runs.
    device
        cpu or cuda.
    """
    rows = {
        name: key.split(".")[1]
        for name, key in stage.settings.items()
        if name in ("network", "input", "method") and isinstance(key, str)
    }
    return {**stage.wildcards, **rows, "step": stage.step, "scale": scale, "device": device}


def rate(facts: Mapping[str, str]) -> Rate | None:
    """Return the first rate of the table whose conditions all hold; None if there is none."""
    row = _first(_tables()["rates"], facts)
    if row is None:
        return None
    memory = _range(row, "memory") if "memory" in row else unknown("not measured")
    return Rate(row["of"], _range(row, "seconds"), memory, float(row.get("memory_of_scan", 0)))


def start(step: str) -> Amount | None:
    """Return how long a job of a step takes before its work begins; None if that is no matter."""
    row = _tables()["start"]
    return _range(row, "seconds") if step in row["steps"] else None


def bytes_of_voxel(facts: Mapping[str, str]) -> Amount:
    """Return the bytes of a voxel on disk, or of a row of predictions, by ``what`` and others."""
    row = _first(_tables()["bytes"], facts)
    return unknown("no size of such files was measured") if row is None else _range(row, "bytes")


def site(row: str, quantity: str) -> Amount | None:
    """Return what the publisher of a site states: scans, slices, pixels or raw; else None."""
    stated = _tables()["sites"].get(row, {})
    return _range(stated, quantity) if quantity in stated else None


def whole(study: str, scale: str) -> Amount | None:
    """Return the seconds that a whole study took elsewhere; None if none was timed."""
    found = _first(_tables()["whole"], {"study": study, "scale": scale})
    return None if found is None else _range(found, "minutes").times(60)


def slow(what: str) -> Amount:
    """Return a time for work that was not timed here: of an ``iteration``, or of a ``raw_mb``."""
    return _range(_tables()["slow"][what], "seconds")


def _range(row: Mapping[str, Any], key: str) -> Amount:
    ends = row[key] if isinstance(row[key], list) else [row[key]]
    return between([float(end) for end in ends], row["source"])


def _first(rows: Iterable[dict[str, Any]], facts: Mapping[str, str]) -> dict[str, Any] | None:
    for row in rows:
        if all(facts.get(name) == row[name] for name in CONDITIONS if name in row):
            return row
    return None


@cache
def _tables() -> Any:
    # in C where it can be: each job of Snakemake reads it
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(FILE.read_text(encoding="utf-8"), loader)
