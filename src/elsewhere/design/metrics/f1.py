"""f1: harmonic mean of precision and sensitivity."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs


class F1(MetricRow):
    """Harmonic mean of precision and sensitivity (van Rijsbergen 1979)."""

    title: ClassVar[str] = "F1"
    definition: ClassVar[str] = "Harmonic mean of precision and sensitivity (van Rijsbergen 1979)."
    needs: ClassVar[Needs] = "calls"
    interval: ClassVar[str] = "Wilson's of Jaccard's share, F1 of its limits"
    fields: ClassVar[tuple[str, ...]] = ("f1", "f1_low", "f1_high")
    columns: ClassVar[tuple[str, ...]] = ("f1", "f1_low", "f1_high")
    compared: ClassVar[int | None] = 20
