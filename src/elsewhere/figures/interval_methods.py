"""interval_methods: says in words by which method the interval of an AUC was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

USUAL, MARK = "DeLong", "†"


def short(cell: Mapping[str, Any]) -> str:
    """Return the method of a cell's AUC interval, short enough for a panel; "" without one."""
    pooled = cell.get("pooled") or {}
    *several, method = str(pooled.get("intervals", {}).get("auc", "")).split("; ")
    name = " or ".join(part.split(",")[0] for part in method.split(":")[0].split(", or "))
    if not several:
        return name
    count = several[0].removeprefix("mean of ").removesuffix(" single models")
    models, _, of_models = count.partition(" of ")
    of = models if models == of_models else count
    return f"mean of {of} models, {name}"


def mark(cell: Mapping[str, Any]) -> str:
    """Return the mark of an interval that was not made as usual; else nothing."""
    name = short(cell)
    return "" if not name or name.endswith(USUAL) else f" {MARK}"


def note(cells: Iterable[Mapping[str, Any]]) -> str:
    """Return the methods of the intervals of some cells, those that `mark` marks apart."""
    given = [cell for cell in cells if short(cell)]
    usual = [USUAL] if any(not mark(cell) for cell in given) else []
    others = sorted({short(cell).rpartition("models, ")[2] for cell in given if mark(cell)})
    if any(" or " in other for other in others):
        others.append("of two methods the farther limits")
    return "; ".join([*usual, *([f"{MARK}: {', '.join(others)}"] if others else [])])
