"""Scores of a site take the place of a cell that was not run, and of no other."""

import pytest

from elsewhere.scores.at_site import KEY, MARK, numbers, with_scores_of_the_site
from elsewhere.scores.matrix import TOGETHER

NOT_RUN = {"status": "not run", "reason": "site south has no data here"}
SCORES = {
    "parts": {"": {"status": "ok", "auc": 0.75}, "few": {"status": "undefined", "reason": "few"}},
    "all_classes": {"status": "ok", "macro_auc": 0.5},
}


def test_a_cell_that_was_computed_here_stays():
    cell = {"status": "ok", "pooled": {"auc": 0.9}}
    assert with_scores_of_the_site(cell, SCORES) == cell
    several = {"findings": {"a": NOT_RUN, "b": {"status": "ok"}}}
    assert with_scores_of_the_site(several, SCORES) == several


def test_a_site_without_scores_changes_nothing():
    assert with_scores_of_the_site(NOT_RUN, {"status": "not run", "reason": "left"}) == NOT_RUN
    assert numbers(NOT_RUN, "") is None


@pytest.mark.parametrize("cell", [NOT_RUN, {"findings": {"": NOT_RUN, "few": NOT_RUN}}])
def test_numbers_of_the_site_are_marked(cell):
    joined = with_scores_of_the_site(cell, SCORES)
    assert joined[KEY] == SCORES
    assert numbers(joined, "") == {
        "status": MARK, "auc": 0.75, "fold": "pooled", "seed": "pooled",
    }  # fmt: skip
    assert numbers(joined, "few")["status"] == f"undefined, {MARK}"
    assert numbers(joined, TOGETHER)["macro_auc"] == 0.5
