"""youden: sensitivity plus specificity minus 1 (Youden's index)."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs


class Youden(MetricRow):
    """Sensitivity + specificity - 1 (Youden 1950): 0 is chance, 1 perfect."""

    title: ClassVar[str] = "Youden's J"
    short: ClassVar[str] = "J"
    definition: ClassVar[str] = (
        "Sensitivity + specificity - 1 (Youden 1950): 0 is chance, 1 perfect."
    )
    needs: ClassVar[Needs] = "calls"
    interval: ClassVar[str] = "MOVER of sensitivity and specificity"
    fields: ClassVar[tuple[str, ...]] = ("youden", "youden_low", "youden_high")
    columns: ClassVar[tuple[str, ...]] = ("youden", "youden_low", "youden_high")
    compared: ClassVar[int | None] = 60
