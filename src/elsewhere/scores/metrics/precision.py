"""precision: the share of the scans called positive that are positive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.metric import Judged, Share


class Precision(Share):
    """Positive scans among those called positive."""

    empty = "no test scan is called positive"

    def hits(self, judged: Judged) -> NDArray[np.bool_]:
        """Return which scans are hits."""
        return np.asarray(judged.labels == 1)

    def among(self, judged: Judged) -> NDArray[np.bool_]:
        """Return which scans count."""
        return judged.calls
