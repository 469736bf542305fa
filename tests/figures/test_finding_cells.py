from __future__ import annotations

import dataclasses

from elsewhere.design.findings import Findings
from elsewhere.figures import finding_cells

POLICY = {
    "labels": {
        "cardiomegaly": {"title": "Cardiomegaly", "uncertain": "negative"},
        "edema": {"title": "Edema", "uncertain": "positive"},
        "atelectasis": {"title": "Atelectasis", "uncertain": "positive"},
    },
    "blank": "negative",
    "views": ["PA", "AP"],
}


def test_the_policy_is_said_in_words():
    (said,) = finding_cells.policy(Findings.model_validate(POLICY))
    assert said == (
        "Labels: an uncertain mention counts as positive for Edema, Atelectasis; negative for "
        "Cardiomegaly; no mention counts as negative; views: PA, AP. A finding that a site does "
        "not annotate has no label."
    )


def test_scans_with_one_label_need_no_policy():
    assert finding_cells.policy(None) == ()


def test_each_finding_is_a_study_of_its_own_that_says_its_policy(nguyen):
    names = [*POLICY["labels"]]
    own = ("runs", "pooled", "status", "reason")
    cells = {
        key: {name: value for name, value in cell.items() if name not in own}
        | {"findings": {name: {one: cell[one] for one in own} for name in names}}
        for key, cell in nguyen.cells.items()
    }
    findings = Findings.model_validate(POLICY)
    named = dataclasses.replace(nguyen.named, policy=finding_cells.policy(findings))
    results = nguyen.__class__(named, nguyen.rows, nguyen.columns, cells)
    found = finding_cells.split(results, findings)
    assert list(found) == names
    for name, one in found.items():
        assert one.titled("AUC") == f"{POLICY['labels'][name]['title']}: AUC"
        assert one.file("matrix") == f"matrix_{name}"
        assert one.notes()[-1].startswith("Labels: an uncertain mention")
        for key, cell in one.cells.items():
            assert {part: cell[part] for part in own} == {p: nguyen.cells[key][p] for p in own}
            assert cell["finding"] == name
            uncertain = POLICY["labels"][name]["uncertain"]
            assert cell["label_policy"] == f"uncertain={uncertain};blank=negative;views=PA+AP"
    assert nguyen.file("matrix") == "matrix"
