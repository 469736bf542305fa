from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from elsewhere.scores.confusion import Confusion, average, combined, count, measures, normalised

judged = st.lists(st.tuples(st.integers(0, 1), st.booleans()), min_size=1, max_size=30)


@settings(max_examples=40)
@given(judged)
def test_counts_and_measures_are_those_of_scikit_learn(pairs):
    labels = np.array([label for label, _ in pairs])
    calls = np.array([call for _, call in pairs])
    counts = count(labels, calls=calls)
    tn, fp, fn, tp = sk.confusion_matrix(labels, calls, labels=[0, 1]).ravel()
    assert counts == Confusion(tp=tp, fp=fp, tn=tn, fn=fn)
    values, reasons = measures(counts)
    undefined = {name for name, value in values.items() if value is None}
    assert undefined == set(reasons)
    oracles = {
        "accuracy": sk.accuracy_score(labels, calls),
        "sensitivity": sk.recall_score(labels, calls, zero_division=np.nan),
        "specificity": sk.recall_score(labels, calls, pos_label=0, zero_division=np.nan),
        "f1": sk.f1_score(labels, calls, zero_division=np.nan),
        "precision": sk.precision_score(labels, calls, zero_division=np.nan),
    }
    for name, oracle in oracles.items():
        if values[name] is None:
            assert np.isnan(oracle)
        else:
            assert values[name] == pytest.approx(oracle, abs=1e-12)


def test_undefined_measures_say_why():
    values, reasons = measures(Confusion(tp=0, fp=0, tn=0, fn=171))
    assert values == {
        "accuracy": 0.0,
        "sensitivity": 0.0,
        "specificity": None,
        "f1": 0.0,
        "precision": None,
    }
    assert reasons == {
        "specificity": "no test scan is negative",
        "precision": "no test scan is called positive",
    }


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
