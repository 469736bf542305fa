"""trained_for: for how many epochs the arms that a claim compares were trained (A-40, B-39)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

ALIKE = 0.02  # largest share by which epochs differ that are alike: iterations are whole numbers


class Epochs(NamedTuple):
    """Fewest and most passes over the training scans of one site, in the runs of an arm."""

    least: float
    most: float


def by_arm(records: Mapping[str, Mapping[str, Any]]) -> dict[str, Epochs]:
    """Return the epochs of each arm that was trained.

    Parameters
    ----------
    records
        run.json of each ``<arm>/<run>``.
    """
    passes: dict[str, list[float]] = {}
    for key, record in records.items():
        passes.setdefault(key.split("/")[0], []).extend((record.get("epochs") or {}).values())
    return {arm: Epochs(min(found), max(found)) for arm, found in passes.items() if found}


def words(arms: Iterable[str], epochs: Mapping[str, Epochs]) -> str:
    """Say for how long arms were trained that are compared; empty if it is known of none."""
    known = [epochs[arm] for arm in dict.fromkeys(arms) if arm in epochs]
    if not known:
        return ""
    least, most = min(one.least for one in known), max(one.most for one in known)
    if most - least <= ALIKE * most:
        return f"all trained for {most:.1f} epochs"
    return f"trained for {least:.1f} to {most:.1f} epochs: differences may come from that"


def most(epochs: Mapping[str, Epochs], arm: str) -> float | None:
    """Return the most epochs of an arm; None if they are not known."""
    return epochs[arm].most if arm in epochs else None
