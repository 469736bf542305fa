"""The learning rate against equation D-11."""

import math

import pytest

from elsewhere.methods.schedule import learning_rate


def test_cosine_is_the_papers_equation(training):
    row = training.model_copy(update={"schedule": "cosine", "iterations": 100})
    for t in (0, 1, 37, 99):
        expected = 0 + 0.5 * (1e-2 - 0) * (1 + math.cos(t / 100 * math.pi))
        assert learning_rate(row, t) == pytest.approx(expected, rel=1e-12)
    assert learning_rate(row, 0) == 1e-2
    assert learning_rate(row, 50) == pytest.approx(5e-3)


def test_constant(training):
    assert {learning_rate(training, t) for t in range(12)} == {1e-2}


def test_a_warm_up_rises_to_the_rate_with_which_the_schedule_starts_c15(training):
    """Five of forty: eta / 5, 2 eta / 5 ... eta, then half a cosine over the other 35."""
    row = training.model_copy(update={"schedule": "cosine", "iterations": 40, "warm_up": 5})
    assert [learning_rate(row, t) for t in range(5)] == pytest.approx(
        [0.002, 0.004, 0.006, 0.008, 0.01]
    )
    for t in range(5, 40):
        expected = 0.5 * 1e-2 * (1 + math.cos((t - 5) / 35 * math.pi))
        assert learning_rate(row, t) == pytest.approx(expected, rel=1e-12)


def test_inverse_time_is_the_decay_of_keras_b27(training):
    row = training.model_copy(
        update={"schedule": "inverse_time", "decay": 1e-5, "learning_rate": 1e-3}
    )
    for t in (0, 1, 1000, 100_000):
        assert learning_rate(row, t) == pytest.approx(1e-3 / (1 + 1e-5 * t), rel=1e-12)
