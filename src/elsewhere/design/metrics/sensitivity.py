"""sensitivity: share of the positive scans that are called positive."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs


class Sensitivity(MetricRow):
    """Positive calls among positive scans (Yerushalmy 1947)."""

    title: ClassVar[str] = "sensitivity"
    short: ClassVar[str] = "sens"
    definition: ClassVar[str] = "Positive calls among positive scans (Yerushalmy 1947)."
    needs: ClassVar[Needs] = "calls"
    interval: ClassVar[str] = "Wilson, effective number clustered by patient"
    fields: ClassVar[tuple[str, ...]] = ("sensitivity", "sensitivity_low", "sensitivity_high")
    columns: ClassVar[tuple[str, ...]] = ("sensitivity", "sensitivity_low", "sensitivity_high")
    compared: ClassVar[int | None] = 30
