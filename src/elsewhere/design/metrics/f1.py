"""f1: harmonic mean of precision and sensitivity."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs


class F1(MetricRow):
    """Harmonic mean of precision and sensitivity (van Rijsbergen 1979)."""

    title: ClassVar[str] = "F1"
    definition: ClassVar[str] = "Harmonic mean of precision and sensitivity (van Rijsbergen 1979)."
    needs: ClassVar[Needs] = "calls"
    interval: ClassVar[str] = "none"
    fields: ClassVar[tuple[str, ...]] = ("f1",)
    columns: ClassVar[tuple[str, ...]] = ("f1",)
    compared: ClassVar[int | None] = 20
