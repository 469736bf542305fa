"""What holds of every metric on the shelf, and metrics of calls against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from elsewhere.design import kinds
from elsewhere.design.metric_rows import metric_row
from elsewhere.design.scoring import STANDARD, Scoring
from elsewhere.scores.measures import measure
from elsewhere.scores.metric import Judged, Metric, Sample
from elsewhere.scores.thresholds import Scored

ALL = kinds.names("metrics")
SCORING = Scoring(
    threshold_from="training_sites", confidence=0.95, bootstrap=40, seed=0, metrics=ALL
)
pairs = st.lists(st.tuples(st.integers(0, 1), st.booleans()), min_size=1, max_size=30)


def judged(labels, calls):
    labels, calls = np.array(labels, dtype=np.int64), np.array(calls, dtype=np.bool_)
    scores = np.where(calls, 0.75, 0.25)
    validation = Scored(labels, scores, np.arange(len(labels)))
    passes = ((labels, scores),)
    given = {"local": validation, "training": validation}
    return Judged(labels, scores, calls, validation.patients, passes, **given)


def values(name):
    """Numbers of a metric that have a value: its own, and others with an interval."""
    fields = metric_row(name).fields
    return [field for field in fields if field == name or f"{field}_low" in fields]


def measured(name, labels, calls):
    metric = kinds.implementation("metrics", name, Metric)
    return metric().measure(Sample(judged(labels, calls), SCORING))


@settings(max_examples=25, deadline=None)
@given(pairs)
def test_metrics_of_calls_are_those_of_scikit_learn(drawn):
    labels, calls = ([pair[number] for pair in drawn] for number in (0, 1))
    sensitivity = sk.recall_score(labels, calls, zero_division=np.nan)
    specificity = sk.recall_score(labels, calls, pos_label=0, zero_division=np.nan)
    oracles = {
        "accuracy": sk.accuracy_score(labels, calls),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "f1": sk.f1_score(labels, calls, zero_division=np.nan),
        "precision": sk.precision_score(labels, calls, zero_division=np.nan),
        "youden": sensitivity + specificity - 1,
    }
    for name, oracle in oracles.items():
        found = measured(name, labels, calls)
        if found.value is None:
            assert np.isnan(oracle)
            assert found.reason
        else:
            assert found.value == pytest.approx(oracle, abs=1e-12)
            assert found.reason is None


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("labels", [[0, 0, 1, 1, 1, 0, 1, 0] * 3, [1] * 9, [0] * 9, [1]])
def test_a_metric_gives_a_value_or_a_reason_and_only_its_own_fields(name, labels):
    calls = [number % 3 == 0 for number in range(len(labels))]
    found = measure(judged(labels, calls), scoring=SCORING)
    row = metric_row(name)
    assert set(row.columns) <= set(row.fields) <= set(found)
    for value in values(name):
        assert (found[value] is None) == (value in found["undefined"])
    alone = measure(judged(labels, calls), scoring=SCORING.model_copy(update={"metrics": (name,)}))
    assert set(row.fields) <= set(alone)
    others = {field for other in ALL if other != name for field in metric_row(other).fields}
    assert not others & set(alone)
    assert {field: alone[field] for field in row.fields} == {
        field: found[field] for field in row.fields
    }


@pytest.mark.parametrize("name", ALL)
def test_an_interval_holds_its_value(name):
    dice = np.random.default_rng(5)
    labels = np.tile([0, 1], 40)
    calls = (dice.random(80) < 0.3 + 0.4 * labels).astype(bool)
    found = measure(judged(labels, calls), scoring=SCORING)
    for value in values(name):
        if f"{value}_low" in metric_row(name).fields:
            assert found[f"{value}_low"] <= found[value] <= found[f"{value}_high"]
            assert found[f"{value}_low"] < found[f"{value}_high"]
            assert found["intervals"][value]


@pytest.mark.parametrize("name", ALL)
def test_a_row_says_what_a_metric_is(name):
    row = metric_row(name)
    assert row.title
    assert row.definition.endswith(".")
    assert row.interval == "none" or any(field.endswith("_low") for field in row.fields)


def test_no_two_metrics_share_a_field():
    fields = [field for name in ALL for field in metric_row(name).fields]
    assert len(fields) == len(set(fields))
    assert set(STANDARD) <= set(ALL)
