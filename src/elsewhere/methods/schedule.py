"""schedule: the learning rate of an iteration."""

from __future__ import annotations

import math

from elsewhere.design.budgets import Training


def learning_rate(training: Training, iteration: int) -> float:
    """Return the learning rate of iteration 0, 1, ... of `training.iterations`.

    Cosine annealing (D-11), to 0, in iterations for the paper's epochs:
    ``eta_t = eta / 2 * (1 + cos(pi * t / T))``. Inverse time, as Keras' ``decay`` (B-27):
    ``eta_t = eta / (1 + decay * t)``.
    """
    if training.schedule == "constant":
        return training.learning_rate
    if training.schedule == "inverse_time":
        return training.learning_rate / (1 + (training.decay or 0.0) * iteration)
    done = iteration / training.iterations
    return training.learning_rate / 2 * (1 + math.cos(math.pi * done))
