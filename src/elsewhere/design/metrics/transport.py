"""transport: calls at the threshold of the training sites and at a local one."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs, bounded

_NUMBERS = bounded(
    *(
        f"transport_{rule}_{share}_{whose}"
        for rule in ("accuracy", "sensitivity_90")
        for share in ("sensitivity", "specificity")
        for whose in ("training", "local", "gain")
    )
)


class Transport(MetricRow):
    """Sensitivity and specificity at both thresholds, and what a local threshold adds."""

    title: ClassVar[str] = "threshold transport"
    definition: ClassVar[str] = (
        "Sensitivity and specificity with the threshold chosen on validation scans of the "
        "training sites, of the test site, and the gain of the second; by highest accuracy, and "
        "by 90 % sensitivity."
    )
    needs: ClassVar[Needs] = "scores"
    interval: ClassVar[str] = (
        "Wilson with the effective number of patients; gain: Newcombe 1998, paired"
    )
    fields: ClassVar[tuple[str, ...]] = (*_NUMBERS, "transport_thresholds")
    columns: ClassVar[tuple[str, ...]] = _NUMBERS
