"""precision: the share of the scans called positive that are positive."""

from __future__ import annotations

from typing import Any

from elsewhere.scores.metric import Ratio


class Precision(Ratio):
    """Positive scans among those called positive."""

    empty = "no test scan is called positive"

    def ratio(self, tp: Any, fp: Any, tn: Any, fn: Any) -> tuple[Any, Any]:
        """Return numerator and denominator."""
        del tn, fn
        return tp, tp + fp
