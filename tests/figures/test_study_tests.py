from __future__ import annotations

import dataclasses

import pytest
from statsmodels.stats.multitest import multipletests

from elsewhere.design.job import Job
from elsewhere.figures import study_tests
from elsewhere.figures.given import Given
from elsewhere.scores.arms import DELONG
from elsewhere.steps.figure import Settings

Compared = tuple[Job, Settings]


def _made(given: Given) -> tuple[list[dict], list[dict]]:
    """Return the answers of the audit, and DeLong's rows, that have a p."""
    found = given.tests
    compared = [row for rows in found.compared.values() for row in rows if row["test"] == DELONG]
    answers = found.audit["shortcuts"]
    return tuple([one for one in of if one["p"] is not None] for of in (answers, compared))


def test_the_audit_and_the_comparisons_of_a_study_are_adjusted_together(compared: Compared) -> None:
    """By statsmodels, over both."""
    answers, rows = _made(Given(*compared))
    both = [*answers, *rows]
    assert answers
    assert rows
    known = multipletests([one["p"] for one in both], method="holm")[1]
    assert [one["p_holm"] for one in both] == pytest.approx(list(known))
    assert {one["family"] for one in both} == {len(both)}


def test_a_study_may_take_them_apart(compared: Compared) -> None:
    job, settings = compared
    answers, rows = _made(Given(job, dataclasses.replace(settings, family="question")))
    for one in (answers, rows):
        known = multipletests([each["p"] for each in one], method="holm")[1]
        assert [each["p_holm"] for each in one] == pytest.approx(list(known))
        assert {each["family"] for each in one} == {len(one)}


def test_comparisons_that_nobody_draws_do_not_count(compared: Compared) -> None:
    job, settings = compared
    figures = tuple(name for name in job.members["figures"] if name != study_tests.COMPARISONS)
    answers, rows = _made(Given(dataclasses.replace(job, members={"figures": figures}), settings))
    assert rows == []
    assert {answer["family"] for answer in answers} == {len(answers)}


def test_the_rest_of_the_audit_is_as_the_step_wrote_it(compared: Compared) -> None:
    written = study_tests.read_json(compared[0].path("audit"))
    found = Given(*compared).audit
    assert {**found, "shortcuts": None} == {**written, "shortcuts": None}
    for entry, answer in zip(written["shortcuts"], found["shortcuts"], strict=True):
        assert answer == {**entry, **{key: answer[key] for key in ("p_holm", "family", "kind")}}
