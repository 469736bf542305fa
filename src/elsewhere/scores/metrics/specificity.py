"""specificity: the share of the negative scans that are called negative."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Ints
from elsewhere.scores.metric import Share


class Specificity(Share):
    """Negative calls among negative scans."""

    empty = "no test scan is negative"

    def ratio(self, tp: Any, fp: Any, tn: Any, fn: Any) -> tuple[Any, Any]:
        """Return numerator and denominator."""
        del tp, fn
        return tn, tn + fp

    def among(self, labels: Ints) -> NDArray[np.bool_]:
        """Return which scans count."""
        chosen: NDArray[np.bool_] = labels == 0
        return chosen
