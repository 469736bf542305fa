"""sensitivity: the share of the positive scans that are called positive."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Ints
from elsewhere.scores.metric import Share


class Sensitivity(Share):
    """Positive calls among positive scans."""

    empty = "no test scan is positive"

    def ratio(self, tp: Any, fp: Any, tn: Any, fn: Any) -> tuple[Any, Any]:
        """Return numerator and denominator."""
        del fp, tn
        return tp, tp + fn

    def among(self, labels: Ints) -> NDArray[np.bool_]:
        """Return which scans count."""
        chosen: NDArray[np.bool_] = labels == 1
        return chosen
