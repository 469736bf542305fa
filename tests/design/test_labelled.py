"""labelled: the options of the general layouts name one source of labels and of patients."""

from typing import Any

import pytest
from pydantic import ValidationError

from elsewhere.design.layouts.images import ImagesOptions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": {"a": 1}, "findings": ["edema"]}, "exclude each other"),
        ({"patient_pattern": "("}, "no regular expression"),
        ({"patient_pattern": "[0-9]+"}, "has no group"),
        ({"patient_pattern": "([0-9]+)", "patient_key": "none"}, "leave out patient_key"),
        ({"labels": {"a": 2}, "findings": ["edema"]}, "exclude each other"),
        ({"classes": {"a": -1}}, "greater than or equal to 0"),
    ],
)
def test_contradictions_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ImagesOptions.model_validate(options)


def test_findings_are_there_when_they_are_named() -> None:
    assert not ImagesOptions().has_findings
    assert ImagesOptions(findings=("edema",)).has_findings
