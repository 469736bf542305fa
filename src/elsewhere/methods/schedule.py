"""schedule: the learning rate of each training iteration (D-11; B-27; C-15)."""

from __future__ import annotations

import math

from elsewhere.design.budgets import Training


def learning_rate(training: Training, iteration: int) -> float:
    """Return the learning rate of iteration 0, 1, ... of `training.iterations`.

    Cosine annealing to 0 (D-11), counted in iterations where the paper counts epochs:
    ``eta_t = eta / 2 * (1 + cos(pi * t / T))``. Inverse time, as Keras' ``decay`` (B-27):
    ``eta_t = eta / (1 + decay * t)``. A warm-up of w iterations comes before the schedule, which
    then counts from its end (C-15): ``eta_t = eta * (t + 1) / w`` for ``t < w``.
    """
    if iteration < training.warm_up:
        return training.learning_rate * (iteration + 1) / training.warm_up
    iteration -= training.warm_up
    if training.schedule == "constant":
        return training.learning_rate
    if training.schedule == "inverse_time":
        return training.learning_rate / (1 + (training.decay or 0.0) * iteration)
    fraction = iteration / (training.iterations - training.warm_up)
    return training.learning_rate / 2 * (1 + math.cos(math.pi * fraction))
