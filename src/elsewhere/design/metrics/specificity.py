"""specificity: share of the negative scans that are called negative."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs


class Specificity(MetricRow):
    """Negative calls among negative scans (Yerushalmy 1947)."""

    title: ClassVar[str] = "specificity"
    short: ClassVar[str] = "spec"
    definition: ClassVar[str] = "Negative calls among negative scans (Yerushalmy 1947)."
    needs: ClassVar[Needs] = "calls"
    interval: ClassVar[str] = "Wilson, effective number clustered by patient"
    fields: ClassVar[tuple[str, ...]] = ("specificity", "specificity_low", "specificity_high")
    columns: ClassVar[tuple[str, ...]] = ("specificity", "specificity_low", "specificity_high")
