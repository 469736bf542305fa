"""specificity: the share of the negative scans that are called negative."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.metric import Judged, Share


class Specificity(Share):
    """Negative calls among negative scans."""

    empty = "no test scan is negative"

    def hits(self, judged: Judged) -> NDArray[np.bool_]:
        """Return which scans are hits."""
        return ~judged.calls

    def among(self, judged: Judged) -> NDArray[np.bool_]:
        """Return which scans count."""
        return np.asarray(judged.labels == 0)
