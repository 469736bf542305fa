"""auc_grid: area under the ROC curve of 101 thresholds, as Nguyen et al. 2021 computed it."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.metric_rows import MetricRow, Needs


class AucGrid(MetricRow):
    """Area under the ROC curve at thresholds 0, 0.01 ... 1 (A-56; Nguyen et al. 2021)."""

    title: ClassVar[str] = "AUC, 0.01 grid"
    definition: ClassVar[str] = (
        "Area under the ROC curve at thresholds 0, 0.01 ... 1 (A-56; Nguyen et al. 2021): scores "
        "between two thresholds count as equal."
    )
    needs: ClassVar[Needs] = "scores"
    ranks: ClassVar[bool] = True
    interval: ClassVar[str] = "as of the AUC"
    fields: ClassVar[tuple[str, ...]] = ("auc_grid", "auc_grid_low", "auc_grid_high")
    columns: ClassVar[tuple[str, ...]] = ("auc_grid", "auc_grid_low", "auc_grid_high")
