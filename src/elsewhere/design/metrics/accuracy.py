"""accuracy: share of all scans that are called rightly."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs


class Accuracy(MetricRow):
    """Right calls among all scans (A-55)."""

    title: ClassVar[str] = "accuracy"
    short: ClassVar[str] = "acc"
    definition: ClassVar[str] = "Right calls among all scans (A-55)."
    needs: ClassVar[Needs] = "calls"
    interval: ClassVar[str] = "MOVER of sensitivity and specificity"
    fields: ClassVar[tuple[str, ...]] = ("accuracy", "accuracy_low", "accuracy_high")
    columns: ClassVar[tuple[str, ...]] = ("accuracy", "accuracy_low", "accuracy_high")
    compared: ClassVar[int | None] = 10
