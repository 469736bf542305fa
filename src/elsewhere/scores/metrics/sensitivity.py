"""sensitivity: the share of the positive scans that are called positive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.metric import Judged, Share


class Sensitivity(Share):
    """Positive calls among positive scans."""

    empty = "no test scan is positive"

    def hits(self, judged: Judged) -> NDArray[np.bool_]:
        """Return which scans are hits."""
        return judged.calls

    def among(self, judged: Judged) -> NDArray[np.bool_]:
        """Return which scans count."""
        return np.asarray(judged.labels == 1)
