"""schedule: the learning rate of each training iteration (D-11; B-27)."""

from __future__ import annotations

import math

from elsewhere.design.budgets import Training


def learning_rate(training: Training, iteration: int) -> float:
    """Return the learning rate of iteration 0, 1, ... of `training.iterations`.

    Cosine annealing to 0 (D-11), counted in iterations where the paper counts epochs:
    ``eta_t = eta / 2 * (1 + cos(pi * t / T))``. Inverse time, as Keras' ``decay`` (B-27):
    ``eta_t = eta / (1 + decay * t)``.
    """
    if training.schedule == "constant":
        return training.learning_rate
    if training.schedule == "inverse_time":
        return training.learning_rate / (1 + (training.decay or 0.0) * iteration)
    fraction = iteration / training.iterations
    return training.learning_rate / 2 * (1 + math.cos(math.pi * fraction))
