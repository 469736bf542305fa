"""logits: probabilities on the scale where recalibration is a line, and that line."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from elsewhere.scores.discrimination import Floats

EDGE = 1e-6  # networks saturate; a probability of 0 or 1 has no logit


class Recalibration(NamedTuple):
    """A map of logits: intercept + slope x logit of the probability."""

    intercept: float
    slope: float

    def moved(self, probabilities: Floats) -> Floats:
        """Return the logits of recalibrated probabilities, of any shape."""
        shifted: Floats = self.intercept + self.slope * logits(probabilities)
        return shifted

    def apply(self, probabilities: Floats) -> Floats:
        """Return recalibrated probabilities, of any shape."""
        improved: Floats = expit(self.moved(probabilities))
        return improved


def logits(probabilities: Floats) -> Floats:
    """Return the logits of probabilities; those nearer to 0 or 1 than `EDGE` count as there."""
    inside = np.clip(probabilities, EDGE, 1 - EDGE)
    found: Floats = np.log(inside / (1 - inside))
    return found
