"""precision: share of the scans called positive that are positive."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs


class Precision(MetricRow):
    """Positive scans among those called positive (Altman and Bland 1994)."""

    title: ClassVar[str] = "precision"
    short: ClassVar[str] = "prec"
    definition: ClassVar[str] = (
        "Positive scans among those called positive (Altman and Bland 1994)."
    )
    needs: ClassVar[Needs] = "calls"
    interval: ClassVar[str] = "Wilson, effective number clustered by patient"
    fields: ClassVar[tuple[str, ...]] = ("precision", "precision_low", "precision_high")
    columns: ClassVar[tuple[str, ...]] = ("precision", "precision_low", "precision_high")
    compared: ClassVar[int | None] = 40
