from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from elsewhere.scores.confusion import Confusion, accuracy, average, combined, count, normalised

judged = st.lists(st.tuples(st.integers(0, 1), st.booleans()), min_size=1, max_size=30)


@settings(max_examples=40)
@given(judged)
def test_counts_and_accuracy_are_those_of_scikit_learn(pairs):
    labels = np.array([label for label, _ in pairs])
    calls = np.array([call for _, call in pairs])
    counts = count(labels, calls=calls)
    tn, fp, fn, tp = sk.confusion_matrix(labels, calls, labels=[0, 1]).ravel()
    assert counts == Confusion(tp=tp, fp=fp, tn=tn, fn=fn)
    assert accuracy(counts) == pytest.approx(sk.accuracy_score(labels, calls), abs=1e-12)


def test_no_scans_have_no_accuracy():
    assert accuracy(Confusion(0, 0, 0, 0)) is None


def test_normalised_rows_add_to_one_or_are_undefined():
    assert normalised(Confusion(tp=3, fp=1, tn=4, fn=1)) == [[0.8, 0.2], [0.25, 0.75]]
    assert normalised(Confusion(tp=3, fp=0, tn=0, fn=1)) == [[None, None], [0.25, 0.75]]


SITES = {
    "small": Confusion(tp=1, fp=0, tn=1, fn=0),
    "large": Confusion(tp=0, fp=300, tn=100, fn=200),
    "positive": Confusion(tp=50, fp=0, tn=0, fn=50),
}


def test_the_average_weighs_sites_evenly_with_and_without_a_site():
    whole = average(SITES)
    assert whole["matrix"] == [[pytest.approx(0.625), pytest.approx(0.375)], [0.5, 0.5]]
    assert whole["negative_sites"] == ["small", "large"]
    assert whole["positive_sites"] == ["small", "large", "positive"]
    assert whole["accuracy"] == pytest.approx((1 + 1 / 6 + 0.5) / 3)
    without = average(SITES, without=["positive"])
    assert without["matrix"] == whole["matrix"]
    assert without["accuracy"] == pytest.approx((1 + 1 / 6) / 2)


def test_the_combined_matrix_counts_samples():
    assert combined(SITES.values()) == Confusion(tp=51, fp=300, tn=101, fn=250)
    assert combined([]) == Confusion(0, 0, 0, 0)


def test_average_and_combined_agree_for_sites_of_equal_counts():
    one = Confusion(tp=3, fp=1, tn=4, fn=2)
    twice = {"a": one, "b": one}
    assert average(twice)["matrix"] == [
        [pytest.approx(value) for value in row] for row in normalised(combined(twice.values()))
    ]


def test_an_average_of_nothing_is_undefined():
    nothing = average({"a": Confusion(1, 1, 1, 1)}, without=["a"])
    assert nothing["matrix"] == [[None, None], [None, None]]
    assert nothing["accuracy"] is None
