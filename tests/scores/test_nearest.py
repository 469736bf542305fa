"""Distances of scans have closed forms; limits are held to brute force."""

import math

import numpy as np
import pytest

from elsewhere.scores import nearest
from elsewhere.scores.nearest import Seen


def seen(rows, sites, patients=None):
    return Seen(nearest.of_histograms(rows), sites, patients or [str(i) for i in range(len(sites))])


def test_equal_histograms_have_distance_0_and_disjoint_ones_1():
    known = seen([[4, 0, 0], [0, 3, 3]], ["a", "b"])
    found = nearest.distances(nearest.of_histograms([[8, 0, 0]])[0], known)
    assert found == pytest.approx([0, 1])


def test_the_distance_of_histograms_is_hellingers_squared():
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.6, 0.3])
    hellinger = (
        math.sqrt(sum((math.sqrt(a) - math.sqrt(b)) ** 2 for a, b in zip(p, q, strict=True)))
        / 2**0.5
    )
    found = nearest.distances(nearest.of_histograms([p * 100])[0], seen([q * 10], ["a"]))
    assert found[0] == pytest.approx(hellinger**2)


def test_each_patient_has_one_vote():
    """Of four scans of one patient nearest of all only one counts."""
    rows = [[9, 1, 0]] * 4 + [[8, 2, 0], [7, 3, 0], [0, 1, 9]]
    known = seen(rows, ["a"] * 4 + ["b", "b", "c"], ["x"] * 4 + ["y", "z", "w"])
    found = nearest.distances(nearest.of_histograms([[9, 1, 0]])[0], known)
    assert nearest.votes(found, known, most=3) == {"b": 2, "a": 1}


def test_patients_of_two_sites_with_one_name_are_two():
    known = seen([[9, 1], [9, 1]], ["a", "b"], ["x", "x"])
    found = nearest.distances(nearest.of_histograms([[9, 1]])[0], known)
    assert nearest.votes(found, known) == {"a": 1, "b": 1}


def test_the_limit_is_that_of_brute_force():
    dice = np.random.default_rng(2)
    rows, patients = dice.integers(1, 50, (40, 6)), [str(i // 2) for i in range(40)]
    known = seen(rows, ["a"] * 40, patients)
    own = []
    for i in range(40):
        shares = rows / rows.sum(axis=1, keepdims=True)
        others = [
            1 - float(np.sqrt(shares[i] * shares[j]).sum())
            for j in range(40)
            if patients[i] != patients[j]
        ]
        own.append(min(others))
    assert nearest.limit(known) == pytest.approx(nearest.WIDER * np.quantile(own, nearest.SHARE))


def test_scans_of_one_patient_have_no_limit():
    assert nearest.limit(seen([[1, 2], [3, 4]], ["a", "a"], ["x", "x"])) is None


def test_only_keeps_the_scans_of_some_sites():
    known = seen([[1, 0], [0, 1], [1, 1]], ["a", "b", "a"], ["x", "y", "z"])
    assert (known.only(["a"]).sites, known.only(["a"]).patients) == (["a", "a"], ["x", "z"])
    assert len(known.only(["c"])) == 0
