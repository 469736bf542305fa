from __future__ import annotations

import time

import numpy as np
import pytest
from clustered_scans import arrays, clustered
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.scores import resampling
from elsewhere.scores.delong import delong, standard_error
from elsewhere.scores.discrimination import auc
from elsewhere.scores.resampling import (
    Draws,
    percentile_interval,
    resample,
    resampled_auc,
    resampled_counts,
)

KINDS = ((1, True), (0, True), (0, False), (1, False))  # tp, fp, tn, fn


@given(clustered, st.integers(0, 3))
def test_resamples_keep_the_size_of_each_stratum(rows, seed):
    labels, _, patients = arrays(rows)
    draws = resample(labels, patients=patients, n=40, seed=seed)
    names = np.unique(patients)
    assert draws.weights.shape == (40, len(names))
    assert list(names[draws.patient]) == list(patients)
    held = [tuple(sorted(set(labels[patients == name]))) for name in names]
    for kind in set(held):
        members = [column for column, found in enumerate(held) if found == kind]
        assert (draws.weights[:, members].sum(axis=1) == len(members)).all()


def test_resamples_follow_their_seed():
    labels, patients = np.tile([0, 1], 10), np.arange(20)
    first, again, other = (
        resample(labels, patients=patients, n=50, seed=seed).weights for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_every_patient_is_drawn_once_on_average():
    labels = np.repeat([0, 1], [14, 6])
    weights = resample(labels, patients=np.arange(20), n=4000, seed=0).weights
    assert weights.mean(axis=0) == pytest.approx(np.ones(20), abs=0.08)
    sizes = np.repeat([14, 6], [14, 6])
    assert weights.var(axis=0) == pytest.approx(1 - 1 / sizes, abs=0.12)


@given(clustered)
def test_resampled_values_are_those_of_repeated_rows(rows):
    labels, scores, patients = arrays(rows)
    draws = resample(labels, patients=patients, n=6, seed=3)
    areas = resampled_auc(labels, scores=scores, draws=draws)
    counts = resampled_counts(labels, calls=scores >= 0.3, draws=draws)
    for number, weights in enumerate(draws.weights):
        times = weights[draws.patient]
        y, s = np.repeat(labels, times), np.repeat(scores, times)
        assert areas[number] == pytest.approx(auc(y, scores=s), abs=1e-12)
        expected = [((y == label) & ((s >= 0.3) == call)).sum() for label, call in KINDS]
        assert [of[number] for of in counts] == expected


def test_blocks_of_resamples_change_nothing(dice, monkeypatch):
    labels, scores = dice.integers(0, 2, 50), dice.normal(size=50).round(1)

    def all_of_them():
        draws = resample(labels, patients=np.arange(50), n=30, seed=0)
        areas = resampled_auc(labels, scores=scores, draws=draws)
        counts = resampled_counts(labels, calls=scores > 0, draws=draws)
        return np.column_stack([draws.weights, areas, *counts])

    whole = all_of_them()
    for block in (120, 1):  # a few resamples at once, and one by one
        monkeypatch.setattr(resampling, "_BLOCK", block)
        assert (all_of_them() == whole).all()


def test_a_seed_draws_each_stratum_as_one_table_of_members(monkeypatch):
    """What a seed has drawn so far it draws for ever, however memory is saved."""
    labels = np.repeat([0, 1], [31, 12])
    stream = np.random.default_rng(7)
    tables = [stream.integers(size, size=(20, size)) for size in (31, 12)]
    expected = [[np.bincount(row, minlength=one.shape[1]) for row in one] for one in tables]
    monkeypatch.setattr(resampling, "_BLOCK", 100)
    weights = resample(labels, patients=np.arange(43), n=20, seed=7).weights
    assert (weights == np.hstack(expected)).all()


def test_a_resample_without_a_class_fails_visibly():
    labels, scores = np.array([0, 1]), np.array([0.1, 0.9])
    draws = Draws(np.array([[2, 0], [1, 1], [0, 2]], dtype=np.int32), np.array([0, 1]))
    areas = resampled_auc(labels, scores=scores, draws=draws)
    assert np.isnan(areas).tolist() == [True, False, True]


def test_bootstrap_and_delong_agree_on_clustered_scans(dice):
    patients = np.repeat(np.arange(120), 3)
    labels = (patients % 3 == 0).astype(np.int64)
    scores = labels + dice.normal(size=120)[patients] + dice.normal(size=360)
    draws = resample(labels, patients=patients, n=2000, seed=0)
    spread = resampled_auc(labels, scores=scores, draws=draws).std()
    error = standard_error(delong(labels, scores=scores[None], patients=patients))
    assert spread == pytest.approx(error, rel=0.1)


def test_percentile_interval():
    values = np.append(np.linspace(0, 1, 1001), np.nan)
    low, high, method = percentile_interval(values, confidence=0.9)
    assert (low, high) == (pytest.approx(0.05), pytest.approx(0.95))
    assert method == "bootstrap of patients, 1001 resamples"
    assert percentile_interval(np.full(10, np.nan), confidence=0.9) is None
    assert percentile_interval(np.ones(10), confidence=0.9) is None


@pytest.mark.parametrize(("n_patients", "limit_s"), [(20, 0.3), (1000, 3.0)])
def test_two_thousand_resamples_are_quick(dice, n_patients, limit_s):
    labels, patients = dice.integers(0, 2, n_patients), np.arange(n_patients)
    scores = dice.normal(labels)
    start = time.process_time()
    draws = resample(labels, patients=patients, n=2000, seed=0)
    resampled_auc(labels, scores=scores, draws=draws)
    resampled_counts(labels, calls=scores > 0, draws=draws)
    assert time.process_time() - start < limit_s
