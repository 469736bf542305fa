from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from elsewhere.design.job import Job
from elsewhere.figures import audit_table, confounding

Texts = Callable[[Path], list[str]]


def test_the_table_has_every_question_with_titles_for_rows(drawn: Job) -> None:
    audit = json.loads(drawn.path("audit").read_text())
    found = audit_table.table(audit, {"utsw-synthetic": "UTSW"})
    assert len(found) == len(audit["shortcuts"])
    assert tuple(found.columns) == audit_table.COLUMNS
    assert "UTSW" in set(found["where"])
    written = pd.read_csv(drawn.outputs["figures"] / confounding.CSV_NAME)
    assert written["auc"].to_numpy(float).tolist()[:2] == found["auc"].to_numpy(float).tolist()[:2]


def test_numbers_and_what_has_none_are_written_out(drawn: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn.outputs["figures"] / "confounding.svg")
    audit = json.loads(drawn.path("audit").read_text())
    for entry in audit["shortcuts"]:
        if entry["status"] == "ok":
            assert f"{entry['auc']:.2f}, p {entry['p_holm']:.3f}" in shown
    assert sum("undefined: one class" in words for words in shown) == 6
    assert "0 + 6, one class" in shown
    assert "site: all sites" in shown


def test_a_site_without_data_says_so(drawn_absent: Job, svg_texts: Texts) -> None:
    assert "no data here" in svg_texts(drawn_absent.outputs["figures"] / "confounding.svg")
