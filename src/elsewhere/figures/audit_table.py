"""audit_table: a table of how well headers and voxels predict label and site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from elsewhere.figures import words
from elsewhere.scores.audited import NAMES

COLUMNS = (
    *("what", "where", "fields", "auc", "p", "p_holm", "family", "kind"),
    *("patients", "groups", "scans"),
    *("status", "reason", "used"),
)


def table(audit: Mapping[str, Any], titles: Mapping[str, str]) -> pd.DataFrame:
    """Return one row per question: what is predicted, where, from which fields, AUC and p.

    ``p_holm`` is adjusted over ``family`` confirmatory tests (`study_tests.made`). ``patients`` is
    empty where a site publishes no patient key: only images can be counted.

    Parameters
    ----------
    audit
        audit.json of the study.
    titles
        Row of a site to its title, which ``where`` becomes.
    """
    rows = [
        {
            **entry,
            "where": titles.get(entry["where"], entry["where"]),
            "used": "; ".join(entry["used"]),
        }
        for entry in audit["shortcuts"]
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS]).astype({"patients": "Int64"})


def shown(audit: Mapping[str, Any], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows of `table` with the words of the report: source, AUC or reason, both p."""
    rows = []
    for entry in table(audit, titles).to_dict("records"):
        known = entry["status"] == "ok"
        rows.append(
            {
                **{str(name): value for name, value in entry.items()},
                "source": NAMES[entry["fields"]],
                "shown": words.number(entry["auc"]) if known else entry["reason"],
                "chance": words.number(entry["p"], digits=3) if known else "",
                "known_patients": "" if pd.isna(entry["patients"]) else entry["patients"],
                "adjusted": words.number(entry["p_holm"], digits=3) if known else "",
            }
        )
    return rows
