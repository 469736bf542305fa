"""findings: what a study says of labels is complete, and nothing else is taken."""

from typing import Any

import pytest
from pydantic import ValidationError

from elsewhere.design import params as tables
from elsewhere.design.findings import Findings

EDEMA = {"title": "Edema", "uncertain": "positive"}
GOOD = {"labels": {"edema": EDEMA}, "blank": "negative", "views": ["PA"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels": {}},
        {"labels": {"edema": {"title": "Edema"}}},
        {"labels": {"edema": EDEMA | {"uncertain": "u-ones"}}},
        {"blank": "positive"},
        {"views": []},
        {"views": ["oblique"]},
    ],
)
def test_a_policy_that_says_too_little_or_the_wrong_thing_is_refused(wrong: dict[str, Any]) -> None:
    assert Findings.model_validate(GOOD).labels["edema"].uncertain == "positive"
    with pytest.raises(ValidationError):
        Findings.model_validate(GOOD | wrong)


def test_the_study_reads_uncertain_mentions_as_the_paper_b18(params: tables.Params) -> None:
    found = params.studies["chestxray"].findings
    assert found is not None
    ones = {name for name, one in found.labels.items() if one.uncertain == "positive"}
    assert ones == {"atelectasis", "edema", "pleural_effusion"}
    assert {one.uncertain for name, one in found.labels.items() if name not in ones} == {"negative"}
