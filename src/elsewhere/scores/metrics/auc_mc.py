"""auc_mc: the AUC over passes of Monte-Carlo dropout, and the band of their ROC curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from elsewhere.scores import discrimination
from elsewhere.scores.metric import Measured, Metric, Sample


class AucMc(Metric):
    """Mean and standard deviation of the AUC over passes (A-57); empty without passes."""

    def measure(self, sample: Sample) -> Measured:
        """Compute the AUC of each pass with both classes."""
        passes = [
            (labels, scores)
            for labels, scores in sample.judged.passes
            if not discrimination.undefined(labels)
        ]
        if sample.one_class or not passes:
            return Measured(None)
        areas = np.array([discrimination.auc(labels, scores=scores) for labels, scores in passes])
        mean, sd = discrimination.mean_sd(areas)
        more: dict[str, Any] = {
            "auc_mc_mean": mean,
            "auc_mc_sd": sd,
            "auc_mc_passes": len(passes),
        }
        if len(passes) > 1:
            curves = [
                discrimination.empirical_roc(labels, scores=scores) for labels, scores in passes
            ]
            band = discrimination.band(curves)._asdict()
            more["roc_mc"] = {name: values.tolist() for name, values in band.items()}
        return Measured(None, more=more)
