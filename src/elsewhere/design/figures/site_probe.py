"""site_probe: whether probabilities and features of a model tell where a scan was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow, Labels


class SiteProbe(FigureRow):
    """How well a model's probability, and its features, tell the site of a scan."""

    order: ClassVar[int] = 165
    reads: ClassVar[tuple[str, ...]] = (
        *("metrics", "predictions"),
        *("explained", "gallery", "embeddings"),
    )
    labels: ClassVar[Labels] = "one"
    of_classes: ClassVar[bool] = True
    captions: ClassVar[Mapping[str, Caption]] = {
        "site_probe": Caption(
            "Does the model answer where a scan was made?",
            "AUC with which a model's own probability separates test scans of a site from those of "
            "the same class elsewhere, which it should not; for a site of one class also from the "
            "other classes elsewhere (A-75). The CSV adds the site predicted from the features, of "
            "arms that are explained.",
            "predict",
        ),
    }
