"""new_site: AUCs of every arm at every site, and what to expect at a site that is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class NewSite(FigureRow):
    """AUCs of every arm at every site, and what to expect at a site that is not there."""

    order: ClassVar[int] = 26
    reads: ClassVar[tuple[str, ...]] = ("metrics",)
    metrics: ClassVar[tuple[str, ...]] = ("auc",)
    captions: ClassVar[Mapping[str, Caption]] = {
        "new_site": Caption(
            "What to expect at a new site",
            "AUC of each model at each site, its mean over the sites that it never saw and over "
            "all, and between which limits the AUC of the next hospital is likely to lie.",
            "score",
        ),
    }
