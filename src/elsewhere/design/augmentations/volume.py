"""volume: settings of the augmentation of CT volumes."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import AugmentationRow, Share


class VolumeAugmentation(AugmentationRow):
    """Augmentation of Nguyen et al. 2021 (A-17, A-44 to A-48); a share is a probability."""

    input_kind: ClassVar[str] = "volume"

    kind: Literal["volume"]
    power_of_two: Share = Field(description="normalise to 0..max/2^n instead of 0..1 (A-17)")
    gate: Share = Field(description="apply the following changes at all (A-44)")
    flip: Share = Field(description="flip, for each axis independently (A-45)")
    transpose: Share = Field(description="exchange rows and columns (A-46)")
    rotate: Literal["quarter_turns", "none"] = Field(description="{0,1,2,3} x 90 degrees (A-47)")
    scale: Share = Field(description="apply a uniform 0..1 factor (A-48)")
    scale_mode: Literal["intensity", "spatial"] = Field(description="[AMB] A-48")
