"""accuracy: the share of all scans that are called correctly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Ints
from elsewhere.scores.metric import Share


class Accuracy(Share):
    """Right calls among all scans (A-55)."""

    empty = "there are no test scans"

    def ratio(self, tp: Any, fp: Any, tn: Any, fn: Any) -> tuple[Any, Any]:
        """Return numerator and denominator."""
        return tp + tn, tp + fp + tn + fn

    def among(self, labels: Ints) -> NDArray[np.bool_]:
        """Return which scans count."""
        chosen: NDArray[np.bool_] = labels >= 0
        return chosen
