from __future__ import annotations

from elsewhere.figures import audit_table


def test_sites_have_their_titles_and_fields_are_joined() -> None:
    entry = {
        "what": "label",
        "where": "a-row",
        "fields": "format",
        "used": ["rows", "columns"],
        "auc": 0.7,
        "p": 0.2,
        "p_holm": 0.4,
        "family": 40,
        "kind": "confirmatory",
        "patients": 9,
        "groups": 8,
        "scans": 12,
        "status": "ok",
        "reason": None,
    }
    pooled = {**entry, "where": "all sites", "patients": None}
    table = audit_table.table({"shortcuts": [entry, pooled]}, {"a-row": "Site A"})
    assert tuple(table.columns) == audit_table.COLUMNS
    assert table["where"].tolist() == ["Site A", "all sites"]
    assert table["patients"].fillna(-1).tolist() == [9, -1]
    assert table["groups"].tolist() == [8, 8]
    assert table["used"].tolist() == ["rows; columns"] * 2
