"""auc_grid: area under the ROC curve of 101 thresholds, as Nguyen et al. 2021 computed it."""

from __future__ import annotations

from elsewhere.scores.delong import delong
from elsewhere.scores.discrimination import grid_auc, grid_roc, on_grid
from elsewhere.scores.metric import Measured, Metric, Sample


class AucGrid(Metric):
    """Trapezoid area under 101 points of the ROC curve (A-56)."""

    def measure(self, sample: Sample) -> Measured:
        """Compute it, and its interval; one class alone has none.

        It is the exact area of scores that count as equal between two thresholds, so that its
        interval is that of an AUC.
        """
        if sample.one_class:
            return Measured(None, sample.one_class)
        judged = sample.judged
        found = delong(judged.labels, scores=on_grid(judged.scores)[None], patients=judged.patients)
        area = grid_auc(grid_roc(judged.labels, scores=judged.scores))
        return Measured(area, intervals={"": sample.of_area(found)})
