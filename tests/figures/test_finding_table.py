from __future__ import annotations

from elsewhere.figures import finding_table, words

ROW = {
    "status": "ok",
    "auc": 0.81234,
    "auc_low": 0.7,
    "auc_high": 0.9,
    "title": "Edema",
    "network": "densenet121",
    "label": "CheXpert",
    "tested_on": "MIMIC-CXR-JPG",
    "kind": "unseen",
    "requirement": "B-32",
    "published": "0.808",
    "reason": None,
    "source": "Table 1",
    "synthetic": "no",
}


def test_ours_has_its_interval_or_says_why_not() -> None:
    assert finding_table.ours(ROW) == "0.812 (0.700–0.900)"
    assert finding_table.ours({**ROW, "status": words.ONE_CLASS}) == words.ONE_CLASS


def test_only_rows_with_a_published_number_stand_beside_it() -> None:
    lost = {**ROW, "status": "not run", "reason": "no data"}
    beside = finding_table.beside([ROW, {**ROW, "published": ""}, lost])
    assert [row["ours"] for row in beside] == ["0.812 (0.700–0.900)", "not run"]
    assert [row["comment"] for row in beside] == ["Table 1", "no data; Table 1"]
