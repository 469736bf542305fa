from __future__ import annotations

import numpy as np
import pytest

from elsewhere.scores.delong import delong
from elsewhere.scores.estimates import Estimate, difference
from elsewhere.scores.intervals import auc_interval
from elsewhere.scores.loss import within_sites
from elsewhere.scores.single_models import ModelScans, mean_area
from elsewhere.scores.summary import Place


def site(dice, name, signals, *, n=60, each=2):
    """Cells of one test site: arm to its signal; all arms share what makes a scan difficult."""
    labels, patients = np.repeat(np.arange(n) % 2, each), np.repeat(np.arange(n), each)
    shared, keys = dice.normal(size=n)[patients], np.array([f"{name}{p:03d}" for p in patients])
    places, areas, scores = [], {}, []
    for arm, (signal, kind) in signals.items():
        score = signal * labels + shared + dice.normal(scale=0.5, size=len(labels))
        area = mean_area([ModelScans(labels, score, keys, np.arange(len(keys)).astype(str))])
        low, high, _ = auc_interval(area.delong, confidence=0.95)
        places.append(Place(arm, name, kind, 1, area.auc, low, high))
        areas[arm, name, ""] = area
        scores.append(score)
    return places, areas, (labels, np.stack(scores), patients)


SIGNALS = {"here": (2.0, "own"), "there": (0.8, "unseen"), "far": (0.5, "unseen")}


def groups(places):
    return [[place for place in places if place.kind == kind] for kind in ("own", "unseen")]


def test_at_one_site_it_is_the_contrast_of_delong(dice):
    """Limits are recovered on the logit scale of the cells: near the plain interval, not it."""
    places, areas, (labels, scores, patients) = site(dice, "x", SIGNALS, n=400)
    found = within_sites(*groups(places), areas=areas)
    exact = delong(labels, scores=scores, patients=patients)
    contrast = np.array([1, -0.5, -0.5])
    half = 1.959964 * np.sqrt(contrast @ exact.covariance @ contrast)
    assert found.difference.value == pytest.approx(contrast @ exact.auc)
    assert found.difference.high - found.difference.low == pytest.approx(2 * half, rel=0.03)
    assert (found.n_first, found.n_second) == (1, 2)
    assert found.by_site["x"] == found.difference


def test_patients_that_cells_share_make_the_difference_surer(dice):
    places, areas, _ = site(dice, "x", SIGNALS)
    shared = within_sites(*groups(places), areas=areas).difference
    apart = within_sites(*groups(places), areas={}).difference
    assert shared.value == apart.value
    assert shared.high - shared.low < 0.9 * (apart.high - apart.low)


def test_sites_count_equally_and_are_independent(dice):
    """One site has twice as many cells and ten times as many patients."""
    first = site(dice, "x", SIGNALS, n=400)
    second = site(dice, "y", {"there": (2.2, "own"), "here": (0.2, "unseen")}, n=40)
    both = within_sites(*groups(first[0] + second[0]), areas=first[1] | second[1])
    alone = [
        within_sites(*groups(places), areas=areas).difference
        for places, areas, _ in (first, second)
    ]
    assert both.difference.value == pytest.approx(np.mean([one.value for one in alone]))
    assert [*both.by_site.values()] == alone
    below = np.hypot(*(one.value - one.low for one in alone)) / 2
    assert both.difference.value - both.difference.low == pytest.approx(below)


def test_only_sites_with_both_groups_are_compared(dice):
    first, areas, _ = site(dice, "x", SIGNALS)
    easy, more, _ = site(dice, "easy", {"here": (6.0, "unseen"), "far": (6.0, "unseen")})
    found = within_sites(*groups(first + easy), areas=areas | more)
    assert [*found.by_site] == ["x"]
    assert found.difference == within_sites(*groups(first), areas=areas).difference
    none = within_sites(*groups(easy), areas=more)
    assert (none.difference.value, none.by_site, none.n_first) == (None, {}, 0)


def test_a_perfect_auc_keeps_its_width(dice):
    """It has no variance, but its cell has an interval: two independent cells give Newcombe's."""
    cells = [
        Place("here", "x", "own", 1, 1.0, 0.741, 1.0),
        Place("there", "x", "unseen", 1, 0.6, 0.35, 0.81),
    ]
    found = within_sites(*groups(cells), areas={}).difference
    assert found == pytest.approx(difference(Estimate(1, 0.741, 1), Estimate(0.6, 0.35, 0.81)))
    assert found.low == pytest.approx(0.4 - np.hypot(1 - 0.741, 0.81 - 0.6))
