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


def test_inverse_time_is_the_decay_of_keras_b27(training):
    row = training.model_copy(
        update={"schedule": "inverse_time", "decay": 1e-5, "learning_rate": 1e-3}
    )
    for t in (0, 1, 1000, 100_000):
        assert learning_rate(row, t) == pytest.approx(1e-3 / (1 + 1e-5 * t), rel=1e-12)
