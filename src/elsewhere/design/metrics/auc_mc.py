"""auc_mc: AUC over the passes of Monte-Carlo dropout: mean and standard deviation."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs


class AucMc(MetricRow):
    """Mean and SD of the AUC over dropout passes (Gal and Ghahramani 2016; A-57)."""

    title: ClassVar[str] = "AUC, Monte-Carlo dropout"
    definition: ClassVar[str] = (
        "Mean and SD of the AUC over dropout passes (Gal and Ghahramani 2016; A-57)."
    )
    needs: ClassVar[Needs] = "passes"
    ranks: ClassVar[bool] = True
    interval: ClassVar[str] = "none"
    fields: ClassVar[tuple[str, ...]] = ("auc_mc_mean", "auc_mc_sd", "auc_mc_passes", "roc_mc")
    columns: ClassVar[tuple[str, ...]] = ("auc_mc_mean", "auc_mc_sd", "auc_mc_passes")
