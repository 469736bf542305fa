"""predictive_values: what a call means at a declared prevalence."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs, bounded

_NUMBERS = (
    "predictive_values_prevalence",
    *bounded("predictive_values_ppv", "predictive_values_npv"),
)


class PredictiveValues(MetricRow):
    """Positive and negative predictive value at declared prevalences (Mercaldo et al. 2007)."""

    title: ClassVar[str] = "predictive values"
    definition: ClassVar[str] = (
        "Positive and negative predictive value at the first of scoring.prevalences, from "
        "sensitivity and specificity (Mercaldo et al. 2007); metrics.json has all."
    )
    needs: ClassVar[Needs] = "calls"
    interval: ClassVar[str] = "logit, delta method, with the effective number of patients"
    fields: ClassVar[tuple[str, ...]] = (*_NUMBERS, "predictive_values_all")
    columns: ClassVar[tuple[str, ...]] = _NUMBERS
