"""why_fell: what every arm loses at each site that it never saw, split into parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class WhyFell(FigureRow):
    """What every arm loses at each site that it never saw, split into parts that sum to it."""

    order: ClassVar[int] = 25
    reads: ClassVar[tuple[str, ...]] = ("metrics", "predictions", "manifest")
    metrics: ClassVar[tuple[str, ...]] = ("auc", "accuracy", "sensitivity", "specificity")
    captions: ClassVar[Mapping[str, Caption]] = {
        "why_fell": Caption(
            "Why a model loses elsewhere",
            "What each model loses at a site that it never saw, against its own sites, split into "
            "prevalence, case mix, ranking, threshold and calibration, which sum to the loss. "
            "Beside it: with which acquisition its errors go, and what to check where it orders "
            "patients the wrong way round. CSVs: the parts, the fields, the reversed scores.",
            "predict",
        ),
    }
