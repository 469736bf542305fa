"""cost_ledger: device hours, wall time, estimated energy and latency of every cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class CostLedger(FigureRow):
    """Device hours, wall time, estimated energy and latency of every cell."""

    order: ClassVar[int] = 212
    reads: ClassVar[tuple[str, ...]] = ("metrics", "train_cost", "predict_cost")
    captions: ClassVar[Mapping[str, Caption]] = {
        "cost_ledger": Caption(
            "What each cell cost",
            "Hours of training, its energy as an estimate, and the seconds that a scan takes at "
            "each site. The CSV has a row for each cell.",
            "train, predict",
        ),
    }
