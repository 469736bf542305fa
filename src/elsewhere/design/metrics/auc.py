"""auc: area under the ROC curve: how likely a positive scan scores above a negative one."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs


class Auc(MetricRow):
    """Area under the ROC curve: P(positive > negative) + P(equal) / 2 (Hanley and McNeil 1982)."""

    title: ClassVar[str] = "AUC"
    definition: ClassVar[str] = (
        "Area under the ROC curve: P(positive > negative) + P(equal) / 2 (Hanley and McNeil 1982)."
    )
    needs: ClassVar[Needs] = "scores"
    ranks: ClassVar[bool] = True
    interval: ClassVar[str] = (
        "DeLong, clustered by patient, logit scale; of few patients Newcombe 5 where farther"
    )
    fields: ClassVar[tuple[str, ...]] = (
        "auc",
        "auc_se",
        "auc_low",
        "auc_high",
        "roc",
    )
    columns: ClassVar[tuple[str, ...]] = ("auc", "auc_low", "auc_high")
    compared: ClassVar[int | None] = 50
