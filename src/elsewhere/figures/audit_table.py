"""audit_table: a table of how well headers and voxels predict label and site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

COLUMNS = (
    *("what", "where", "fields", "auc", "p", "p_holm", "patients", "scans"),
    *("status", "reason", "used"),
)


def table(audit: Mapping[str, Any], titles: Mapping[str, str]) -> pd.DataFrame:
    """Return one row per question: what is predicted, where, from which fields, AUC and p.

    ``p_holm`` is adjusted over all questions of the audit (Holm 1979).

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
    return pd.DataFrame(rows, columns=[*COLUMNS])
