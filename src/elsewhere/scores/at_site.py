"""at_site: scores that a hospital of a federation computed at home, where its scans are not here.

They are numbers without predictions: figures that need predictions say "not run"; matrix.csv and a
table of the report show the numbers, marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEY = "at_site"
MARK = "computed at the site"


def with_scores_of_the_site(
    metrics: Mapping[str, Any], scores: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the content of metrics.json, with a hospital's scores if there are no others.

    Parameters
    ----------
    metrics
        Computed here.
    scores
        Of the hospital, from `carriers.suppression.published`, or ``status`` and ``reason``.
    """
    if not _not_run(metrics) or "parts" not in scores:
        return dict(metrics)
    return {**metrics, KEY: dict(scores)}


def numbers(cell: Mapping[str, Any], finding: str) -> dict[str, Any] | None:
    """Return the numbers of one finding or class of a cell ("" where there are none), marked.

    None: the site computed none.

    Parameters
    ----------
    cell
        Content of metrics.json, or what of it is about one finding.
    finding
        Its name, or `scores.matrix.TOGETHER` for several classes at once.
    """
    scores = cell.get(KEY)
    if scores is None:
        return None
    part = scores["parts"].get(finding, scores.get("all_classes"))
    if part is None:
        return None
    status = MARK if part["status"] == "ok" else f"{part['status']}, {MARK}"
    return {**part, "fold": "pooled", "seed": "pooled", "status": status}


def _not_run(metrics: Mapping[str, Any]) -> bool:
    cells = metrics.get("findings") or {"": metrics}
    return all(cell["status"] == "not run" for cell in cells.values())
