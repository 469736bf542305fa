"""gate_notices: what the record of a gate says of the parts of a site, for notices to readers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

ACCEPTED = {
    "empty": "parts without a patient",
    "one_class": "parts with one class only",
    "sizes": "parts of another size than was asked for",
}
PARTS = {"train": "training part"}  # the other parts are called as they are named


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
    """Return in words what the settings of the study accept of the parts; else nothing."""
    by_kind: dict[str, list[str]] = {}
    for fault in gate.get("allowed", []):
        by_kind.setdefault(fault["kind"], []).append(_placed(gate, fault))
    return ", ".join(f"{ACCEPTED[kind]} ({'; '.join(faults)})" for kind, faults in by_kind.items())


def lacking(gate: Mapping[str, Any], classes: Collection[str]) -> str:
    """Return in words which classes are missing in a part, though the site has them elsewhere."""
    faults = [fault for fault in gate.get("warned", []) if fault.get("about") in classes]
    return "; ".join(_placed(gate, fault) for fault in faults)


def _placed(gate: Mapping[str, Any], fault: Mapping[str, Any]) -> str:
    fold = f" of fold {fault['fold']}" if folds(gate) > 1 else ""
    part = PARTS.get(fault["part"], f"{fault['part']} part")
    return f"{part}{fold}: {fault['text'].removeprefix('one class: ')}"
