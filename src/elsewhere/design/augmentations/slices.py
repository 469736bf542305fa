"""slices: settings of the draws of slices during training."""

from __future__ import annotations

from typing import ClassVar, Literal

from elsewhere.design.rows import AugmentationRow


class SlicesAugmentation(AugmentationRow):
    """A new draw of slices each time a scan is seen (C-09, C-12); the paper names nothing more."""

    input_kind: ClassVar[str] = "slices"

    kind: Literal["slices"]
