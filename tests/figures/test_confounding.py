from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from statsmodels.stats.multitest import multipletests

from elsewhere.design.job import Job
from elsewhere.design.site import Site
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
    answers = json.loads(drawn.path("audit").read_text())["shortcuts"]
    answered = [entry for entry in answers if entry["status"] == "ok"]
    of_study = multipletests([entry["p"] for entry in answered], method="holm")[1]
    for entry, p in zip(answered, of_study, strict=True):
        assert f"{entry['auc']:.2f}, p {p:.3f}" in shown
    assert f"adjusted by Holm over {len(answered)} confirmatory tests" in " ".join(shown)
    assert sum("undefined: one class" in words for words in shown) == 6
    assert "0 + 6, one class" in shown
    assert "site: all sites" in shown


def test_a_site_without_data_says_so(drawn_absent: Job, svg_texts: Texts) -> None:
    assert "no data here" in svg_texts(drawn_absent.outputs["figures"] / "confounding.svg")


def test_images_are_not_called_patients(drawn: Job, tmp_path: Path, svg_texts: Texts) -> None:
    """D-01: a site without patient keys has images, whatever groups they are in."""
    audit = json.loads(drawn.path("audit").read_text())
    audit["shortcuts"] = [{**answer, "family": 18} for answer in audit["shortcuts"]]
    rows = audit["contingency"]["sites"]
    rows[0] |= {"patients_0": None, "patients_1": None, "groups_0": 3, "scans_0": 7, "scans_1": 8}
    sites = {
        row["site"]: Site(title=f"Site {number}", layout="x", privacy="public")
        for number, row in enumerate(rows)
    }
    confounding.draw(audit, tmp_path, sites=sites, classes=("no", "yes"))
    shown = svg_texts(tmp_path / "confounding.svg")
    assert {"Site 0 *", "Site 1", "7 + 8", "patients (* images: no patient keys)"} <= set(shown)
