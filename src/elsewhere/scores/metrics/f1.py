"""f1: the harmonic mean of precision and sensitivity."""

from __future__ import annotations

from typing import Any

from elsewhere.scores.metric import Ratio


class F1(Ratio):
    """Harmonic mean of precision and sensitivity."""

    empty = "no test scan is positive or called positive"

    def ratio(self, tp: Any, fp: Any, tn: Any, fn: Any) -> tuple[Any, Any]:
        """Return numerator and denominator."""
        del tn
        return 2 * tp, 2 * tp + fp + fn
