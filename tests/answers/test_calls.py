"""Calls follow the thresholds of the cells, whatever the number of runs."""

import json
from pathlib import Path

import pytest

from elsewhere.answers import calls
from elsewhere.design import paths


def said(*probabilities, names=("",)):
    return [
        {"fold": 0, "seed": seed, "probabilities": dict.fromkeys(names, one)}
        for seed, one in enumerate(probabilities)
    ]


def threshold(question):
    row = question.trained_on[0]
    path = paths.cell(question.wanted.study, question.wanted.arm, row, "metrics.json")
    return json.loads(Path(path).read_text(encoding="utf-8"))["runs"][0]["threshold"]


def test_a_scan_is_called_from_the_threshold_on(question):
    limit = threshold(question)
    for probability in (limit - 1e-6, limit, limit + 1e-6):
        (output,) = calls.outputs(question, said(probability), like=None)
        assert (output.called, output.threshold) == (probability >= limit, limit)
        assert output.label == "COVID-19 positive"


def test_several_runs_are_called_by_the_mean_of_their_margins(question):
    """One run is far above its threshold and one a little below: the mean is above."""
    first = question.cells[question.trained_on[0]]
    limit = threshold(question)
    first["runs"].append({**first["runs"][0], "seed": 1, "threshold": limit / 2})
    (output,) = calls.outputs(question, said(limit - 0.01, limit / 2 + 0.2), like=None)
    assert output.called
    assert output.probability == pytest.approx(0.75 * limit + 0.095)
    assert output.threshold == pytest.approx(0.75 * limit)
    assert [run.threshold for run in output.runs] == [limit, limit / 2]


def test_without_a_cell_that_was_scored_nothing_is_called(question):
    for cell in question.cells.values():
        cell["runs"] = []
    assert calls.reference(question, None) is None
    (output,) = calls.outputs(question, said(0.9), like=None)
    assert (output.called, output.threshold) == (None, None)


def test_the_named_site_comes_first(question):
    last = question.rows[-1]
    assert calls.reference(question, last) == last
    assert calls.reference(question, None) == question.trained_on[0]


def test_the_most_probable_class_is_called(question, monkeypatch):
    """The first of equals, as in the confusion matrix."""
    names = ("healthy", "COVID-19", "other")
    monkeypatch.setattr(type(question), "classes", names)
    scoring = question.study.scoring.model_copy(update={"threshold_from": "argmax"})
    study = question.study.model_copy(update={"scoring": scoring})
    monkeypatch.setattr(type(question), "study", study)
    told = [
        {"fold": 0, "seed": 0, "probabilities": {"healthy": 0.2, "COVID-19": 0.4, "other": 0.4}}
    ]
    outputs = calls.outputs(question, told, like=None)
    assert [(one.name, one.called, one.threshold) for one in outputs] == [
        ("healthy", False, None),
        ("COVID-19", True, None),
        ("other", False, None),
    ]
