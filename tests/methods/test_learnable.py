"""learnable: one class at a site is no matter, one class at all sites of an arm is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from elsewhere.cohorts.cohort import Cohort
from elsewhere.methods.learnable import UnlearnableError, check


def cohort(site: str, labels: list, **about) -> Cohort:
    ids = tuple(f"{site}{number}" for number in range(len(labels)))
    return Cohort(site, ids, ids, np.array(labels, dtype=np.int64), Path("none"), **about)


def by_site(*cohorts: Cohort) -> dict[str, Cohort]:
    return {scans.site: scans for scans in cohorts}


BOTH = by_site(cohort("a", [0, 1, 1]))


def test_a_site_of_one_class_beside_others_is_learned_from():
    """A-08, C-04: MosMed and the Union Hospital have COVID-19 alone."""
    check(by_site(cohort("a", [0, 0]), cohort("b", [1, 1])), BOTH, selection="validation")


def test_one_class_at_all_training_sites_is_refused_before_training():
    ones = by_site(cohort("a", [1, 1]), cohort("b", [1]))
    with pytest.raises(UnlearnableError, match="training scans of a, b have one class, label 1"):
        check(ones, BOTH, selection="validation")
    named = by_site(cohort("a", [2], classes=("x", "y", "pneumonia")))
    with pytest.raises(UnlearnableError, match="one class, pneumonia"):
        check(named, BOTH, selection="validation")


@pytest.mark.parametrize("labels", [[1, 1], []])
@pytest.mark.parametrize("selection", ["validation", "test"])
def test_weights_are_not_chosen_where_one_class_or_nothing_is_scored(labels, selection):
    valid = by_site(cohort("a", labels), cohort("b", labels))
    with pytest.raises(UnlearnableError, match=f"the {selection} scans of a, b, which choose"):
        check(BOTH, valid, selection=selection)


def test_of_findings_one_with_both_values_is_enough_and_unknown_is_no_value():
    names = {"findings": ("edema", "hernia")}
    learned = by_site(cohort("a", [[0, -1], [1, -1]], **names))
    check(learned, learned, selection="validation")
    nothing = by_site(cohort("a", [[0, -1], [0, 1], [-1, 1]], **names))
    with pytest.raises(UnlearnableError, match="no finding that is positive in some and negative"):
        check(nothing, learned, selection="validation")
    with pytest.raises(UnlearnableError, match="which choose the weights, have no finding"):
        check(learned, nothing, selection="validation")
