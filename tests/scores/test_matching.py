"""matching: ages and sexes against statsmodels, tables by hand and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from elsewhere.scores.matching import (
    ALIKE,
    FEW,
    ONE_CLASS,
    Contrast,
    Group,
    adjusted,
    ages,
    sexes,
)


def group(years=(), *, patients=None, females=0, males=0):
    years = np.array(years, dtype=float)
    return Group(years, len(years) if patients is None else patients, females, males)


def test_ages_are_compared_by_welchs_test(dice):
    first, second = dice.normal(61, 8, 30), dice.normal(55, 16, 45)
    found = ages(group(first), group(second), confidence=0.9)
    oracle = CompareMeans(DescrStatsW(first), DescrStatsW(second))
    assert found.value == pytest.approx(first.mean() - second.mean())
    assert found.p == pytest.approx(oracle.ttest_ind(usevar="unequal")[1])
    limits = oracle.tconfint_diff(alpha=0.1, usevar="unequal")
    assert (found.low, found.high) == pytest.approx(limits)
    spread = math.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
    assert found.standardised == pytest.approx(found.value / spread)
    assert found.reason is None


def test_women_are_compared_by_fishers_test_and_newcombes_interval():
    """Newcombe 1998, example (a): 56/70 and 48/80."""
    found = sexes(
        group(patients=75, females=56, males=14),
        group(patients=80, females=48, males=32),
        confidence=0.95,
    )
    assert [round(found[number], 4) for number in range(3)] == [0.2, 0.0524, 0.3339]
    ways = [math.comb(70, k) * math.comb(80, 104 - k) for k in range(24, 71)]
    seen = math.comb(70, 56) * math.comb(80, 48)
    assert found.p == pytest.approx(sum(way for way in ways if way <= seen) / math.comb(150, 104))
    assert found.standardised == pytest.approx(0.2 / math.sqrt((0.16 + 0.24) / 2))


@pytest.mark.parametrize(
    ("positive", "negative", "reason"),
    [
        (group([50, 60]), group(patients=0), ONE_CLASS),
        (group([50, 60]), group(patients=9), FEW),
        (group([50, 60]), group([70], patients=9), FEW),
        (group([50, 60]), group([70, 70]), ALIKE),
    ],
)
def test_what_cannot_be_tested_says_why(positive, negative, reason):
    found = ages(positive, negative, confidence=0.95)
    assert (found.p, found.low, found.reason) == (None, None, reason)
    of_sex = sexes(positive, negative, confidence=0.95)
    assert of_sex.p is None
    assert of_sex.reason in (ONE_CLASS, FEW)


def test_classes_of_one_sex_have_a_difference_without_spread():
    found = sexes(group(patients=8, females=8), group(patients=9, males=9), confidence=0.95)
    assert (found.value, found.standardised) == (1.0, None)
    assert found.p == pytest.approx(1 / math.comb(17, 8))


def test_a_group_describes_those_that_are_known():
    of = group([40, 50, 90], patients=7, females=3, males=1)
    assert (of.mean, of.median, of.sexes_known, of.female) == (60, 50, 4, 0.75)
    assert of.sd == pytest.approx(700**0.5)
    nobody = group(patients=4)
    assert (nobody.mean, nobody.sd, nobody.median, nobody.female) == (None,) * 4


def test_p_is_adjusted_over_the_family_and_a_missing_one_stays_missing():
    given = [Contrast(1.0, p=0.01), Contrast(None, reason=FEW), Contrast(1.0, p=0.04)]
    assert [one.p_holm for one in adjusted(given)] == [pytest.approx(0.02), None, 0.04]
