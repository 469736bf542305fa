"""probabilities: how probabilities are distributed in each class."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs, bounded

_NUMBERS = bounded("probabilities_positive", "probabilities_negative", "probabilities_difference")


class Probabilities(MetricRow):
    """Mean probability of positive and of negative scans, and their difference."""

    title: ClassVar[str] = "mean probability by class"
    definition: ClassVar[str] = (
        "Mean probability of positive and of negative scans, and their difference "
        "(discrimination slope, Yates 1982)."
    )
    needs: ClassVar[Needs] = "scores"
    interval: ClassVar[str] = "sandwich over patients, t; of divided classes Wilson's where farther"
    fields: ClassVar[tuple[str, ...]] = (*_NUMBERS, "probabilities_histogram")
    columns: ClassVar[tuple[str, ...]] = _NUMBERS
