"""audit_table: how well label and site are told from headers alone, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

COLUMNS = (
    "what", "where", "fields", "auc", "p", "patients", "scans", "status", "reason", "used",
)  # fmt: skip


def table(audit: Mapping[str, Any], titles: Mapping[str, str]) -> pd.DataFrame:
    """Return one row a question: what is told, where, from which fields, with AUC and p.

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
        for entry in audit["told"]
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS])
