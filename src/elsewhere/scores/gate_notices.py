"""gate_notices: what the record of a gate says of the parts of a site, for notices to readers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def patients(gate: Mapping[str, Any]) -> dict[tuple[int, str, str], dict[int, int]]:
    """Return patients by label, of each fold, part and finding."""
    counted: dict[tuple[int, str, str], dict[int, int]] = {}
    for row in gate.get("counts", []):
        key = (row["fold"], row["part"], row.get("finding", ""))
        counted.setdefault(key, {})[row["label"]] = row["patients"]
    return counted


def folds(gate: Mapping[str, Any]) -> int:
    """Return the number of folds with a scan."""
    return len({row["fold"] for row in gate.get("counts", [])})


def allowed(gate: Mapping[str, Any]) -> str:
    """Return in words what the gate let pass because the split's `allow` names it; else nothing."""
    by_kind: dict[str, list[str]] = {}
    for fault in gate.get("allowed", []):
        by_kind.setdefault(fault["kind"], []).append(_placed(gate, fault))
    return ", ".join(f"{kind} ({'; '.join(faults)})" for kind, faults in by_kind.items())


def lacking(gate: Mapping[str, Any], classes: Collection[str]) -> str:
    """Return in words which classes are missing in a part, though the site has them elsewhere."""
    faults = [fault for fault in gate.get("warned", []) if fault.get("about") in classes]
    return "; ".join(_placed(gate, fault) for fault in faults)


def _placed(gate: Mapping[str, Any], fault: Mapping[str, Any]) -> str:
    fold = f" of fold {fault['fold']}" if folds(gate) > 1 else ""
    return f"{fault['part']}{fold}: {fault['text']}"
