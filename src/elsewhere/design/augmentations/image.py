"""image: settings of the augmentation of single images."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import AugmentationRow, Share


class ImageAugmentation(AugmentationRow):
    """Augmentation of Wang et al. 2020 (D-04); a share is a probability."""

    input_kind: ClassVar[str] = "image"

    kind: Literal["image"]
    crop: bool = Field(description="random crop of `matrix` from `stored_matrix`")
    flip_vertical: Share
    flip_horizontal: Share
