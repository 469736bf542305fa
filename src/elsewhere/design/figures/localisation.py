"""localisation: where a model looks, beside masks of lesions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class Localisation(FigureRow):
    """Grad-CAM maps against masks of lesions."""

    order: ClassVar[int] = 155
    reads: ClassVar[tuple[str, ...]] = ("metrics", "localised", "localised_examples")
    setting: ClassVar[str] = "explain"
    masks: ClassVar[bool] = True
    captions: ClassVar[Mapping[str, Caption]] = {
        "localisation": Caption(
            "Does it look at the lesions?",
            "Grad-CAM maps of test scans whose lesions are outlined (C-35): share of maps with "
            "their maximum in a lesion (pointing game), AUC of the map within the lungs, and "
            "overlap. The CSV has all numbers, also of the rightly called scans alone.",
            "outline, localise",
        ),
    }
