"""site_scores: the report's table of scores that hospitals of a federation computed at home."""

from __future__ import annotations

from collections.abc import Iterable

from elsewhere.figures import words
from elsewhere.figures.results import Results
from elsewhere.scores.at_site import MARK, numbers


def rows(each: Iterable[Results]) -> list[dict[str, str]]:
    """Return a row for each arm, site and finding whose numbers come from the site itself.

    Parameters
    ----------
    each
        Results of the study, by finding or class.
    """
    return [
        {
            "label": row.label,
            "site": column.title,
            "finding": results.named.finding,
            **_shown(found),
        }
        for results in each
        for row in results.rows
        for column in results.columns
        for cell in [results.cell(row, column)]
        for found in [numbers(cell, str(cell.get("finding", "")))]
        if found is not None
    ]


def _shown(found: dict[str, object]) -> dict[str, str]:
    area = _number(found.get("auc"))
    interval = words.interval(_value(found.get("auc_low")), _value(found.get("auc_high")))
    return {
        "auc": f"{area} ({interval})" if area and interval else area,
        "sensitivity": _number(found.get("sensitivity")),
        "specificity": _number(found.get("specificity")),
        "patients": str(found.get("n_patients") or ""),
        "status": MARK if found["status"] == MARK else f"{found['status']}: {found.get('reason')}",
    }


def _value(found: object) -> float | None:
    return float(found) if isinstance(found, (int, float)) else None


def _number(found: object) -> str:
    value = _value(found)
    return "" if value is None else words.number(value)
