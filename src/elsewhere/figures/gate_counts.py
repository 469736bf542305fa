"""gate_counts: writes the patients and scans of each part of a split, for the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elsewhere.figures import words


def lines(gate: Mapping[str, Any], classes: tuple[str, ...]) -> list[str]:
    """Write the counts of each fold and class as train / validation / test (A-18 to A-24).

    For findings only patients who have one are counted, as papers do (B-11 to B-16). A site
    without patient keys has images instead.
    """
    counts, keyed = gate["counts"], gate["patient_key"] != "none"
    findings = list(dict.fromkeys(row["finding"] for row in counts if "finding" in row))
    lists = (
        [(name, 1, name) for name in findings]
        if findings
        else [("", label, name) for label, name in enumerate(classes)]
    )
    by_key = {
        (row["fold"], row.get("finding", ""), row["label"], row["part"]): row for row in counts
    }
    folds = sorted({row["fold"] for row in counts})
    written = []
    for fold in folds:
        for finding, label, name in lists:
            parts = ("train", "validation", "test")
            rows = [by_key.get((fold, finding, label, part)) for part in parts]
            sizes = [(row["patients"], row["scans"]) if row else (0, 0) for row in rows]
            shown = " / ".join(words.of_class(n if keyed else None, scans) for n, scans in sizes)
            written.append((f"fold {fold}, " if len(folds) > 1 else "") + f"{name}: {shown}")
    return written
