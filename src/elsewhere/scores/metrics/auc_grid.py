"""auc_grid: area under the ROC curve of 101 thresholds, as Nguyen et al. 2021 computed it."""

from __future__ import annotations

import numpy as np

from elsewhere.scores.discrimination import GRID, Floats, grid_auc, grid_roc
from elsewhere.scores.intervals import Draws, blocks
from elsewhere.scores.metric import Judged, Measured, Metric, Sample


class AucGrid(Metric):
    """Trapezoid area under 101 points of the ROC curve (A-56)."""

    def measure(self, sample: Sample) -> Measured:
        """Compute it, and its interval from resampled patients; one class alone has none."""
        if sample.one_class:
            return Measured(None, sample.one_class)
        judged = sample.judged
        area = grid_auc(grid_roc(judged.labels, scores=judged.scores))
        resampled = _resampled(judged, sample.draws)
        return Measured(area, intervals={"": sample.percentile(resampled)})


def _resampled(judged: Judged, draws: Draws) -> Floats:
    """Return the area of each resample [b]; NaN where a class was not drawn."""
    counts = [_at_least(judged, draws, label=label) for label in (0, 1)]
    areas = []
    for rows in blocks(*draws.weights.shape):
        fp, tp = (draws.weights[rows] @ of_label for of_label in counts)
        with np.errstate(invalid="ignore"):
            # threshold 0 calls every scan: the first point is (1, 1); the curve ends at (0, 0)
            fpr, tpr = (np.pad(called / called[:, :1], ((0, 0), (0, 1))) for called in (fp, tp))
        areas.append(np.trapezoid(tpr[:, ::-1], fpr[:, ::-1], axis=1))
    return np.concatenate(areas)


def _at_least(judged: Judged, draws: Draws, *, label: int) -> Floats:
    """Count the scans of a label that each patient has at or above each threshold [patients, 101].

    Whole numbers as floats: their products with weights are exact in any order of summation.
    """
    chosen = judged.labels == label
    reached = np.searchsorted(GRID, judged.scores[chosen], side="right")  # 1 to 101 thresholds
    counts = np.zeros((draws.weights.shape[1], len(GRID)))
    np.add.at(counts, (draws.patient[chosen], reached - 1), 1)
    above: Floats = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    return above
