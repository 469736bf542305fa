"""finding_table: a table of every finding's AUC on own and unseen sites, beside the published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from elsewhere.figures import words
from elsewhere.figures.places import ByFinding, Place

NUMBERS = ("n_patients", "n_scans", "n_positive", "auc", "auc_low", "auc_high")

Rows = Sequence[Mapping[str, Any]]


def table(study: ByFinding, known: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return one row per network, arm, place and finding, ours beside the published (B-32 to B-37).

    A place is internal (the test scans of all sites that the arm was trained on, B-28) or a site
    that the arm never saw.

    Parameters
    ----------
    known
        As from `paper.read`; those that are no AUC, or of arms that the study does not list, are
        left out.
    """
    listed = {
        (entry["arm"], entry["site"], entry["finding"]): entry
        for entry in known
        if entry["metric"] == "auc"
    }
    return [
        _row(study, place, finding, _listed(listed, place, finding))
        for place in study.all_places()
        for finding in study.titles
    ]


def beside(rows: Rows) -> list[dict[str, str]]:
    """Return the published numbers among the rows with ours, with `published.COLUMNS`."""
    return [
        {
            "quantity": f"AUC, {row['title']}, {row['network']}, trained on {row['label']}, "
            f"tested on {row['tested_on']}, {row['kind']}",
            "requirement": row["requirement"],
            "published": row["published"],
            "ours": ours(row),
            "comment": row["source"]
            if row["reason"] is None
            else f"{row['reason']}; {row['source']}",
            "label": row["label"],
            "synthetic": row["synthetic"],
        }
        for row in rows
        if row["published"]
    ]


def _listed(
    listed: Mapping[tuple[str, str, str], Mapping[str, str]], place: Place, finding: str
) -> Mapping[str, str]:
    keys = [(place.row.name, site, finding) for site in place.listed_as]
    return next((listed[key] for key in keys if key in listed), {})


def _row(study: ByFinding, place: Place, finding: str, known: Mapping[str, str]) -> dict[str, Any]:
    cell = place.cells[finding]
    status = words.verdict(cell)
    return {
        "network": study.arms[place.row.name].network,
        "arm": place.row.name,
        "site": place.site,
        "tested_on": place.title,
        "kind": place.kind,
        "finding": finding,
        "title": study.titles[finding],
        **{name: cell["pooled"][name] for name in NUMBERS},
        "status": status,
        "reason": None if status == "ok" else words.reason(cell),
        "published": known.get("value", ""),
        "requirement": known.get("requirement", ""),
        "source": known.get("source", ""),
        **place.marks,
    }


def ours(row: Mapping[str, Any]) -> str:
    """Write the AUC of a row with its interval, or why there is none."""
    if row["status"] != "ok":
        return str(row["status"])
    bounds = words.interval(row["auc_low"], row["auc_high"], digits=3)
    return f"{words.number(row['auc'], digits=3)} ({bounds})"
