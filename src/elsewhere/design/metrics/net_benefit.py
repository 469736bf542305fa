"""net_benefit: what a model adds to calling all scans or none."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs, bounded


class NetBenefit(MetricRow):
    """Net benefit beyond the better of all and none (Vickers and Elkin 2006)."""

    title: ClassVar[str] = "net benefit gained"
    definition: ClassVar[str] = (
        "Net benefit minus the better of calling all scans and calling none (Vickers and Elkin "
        "2006), mean over scoring.net_benefit_range; metrics.json has the curve."
    )
    needs: ClassVar[Needs] = "scores"
    interval: ClassVar[str] = "sandwich over patients, t"
    fields: ClassVar[tuple[str, ...]] = (*bounded("net_benefit"), "net_benefit_curve")
    columns: ClassVar[tuple[str, ...]] = bounded("net_benefit")
