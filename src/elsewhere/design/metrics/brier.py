"""brier: mean squared error of probabilities, and its share of what is possible."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs, bounded


class Brier(MetricRow):
    """Brier score (Brier 1950), and 1 - Brier / (p (1 - p)) (Steyerberg et al. 2010)."""

    title: ClassVar[str] = "Brier score"
    definition: ClassVar[str] = (
        "Mean squared distance of probability and label (Brier 1950); scaled: 1 - Brier / (p (1 "
        "- p)) at prevalence p, 0 if no better than the prevalence for all (Steyerberg et al. "
        "2010)."
    )
    needs: ClassVar[Needs] = "scores"
    interval: ClassVar[str] = "sandwich over patients, t; logit scale"
    higher_is_better: ClassVar[bool] = False
    fields: ClassVar[tuple[str, ...]] = bounded("brier", "brier_scaled")
    columns: ClassVar[tuple[str, ...]] = bounded("brier", "brier_scaled")
