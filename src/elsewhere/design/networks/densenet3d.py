"""densenet3d: settings of the 3D-DenseNet of the UCADI study."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import NetworkRow, Positive, Share


class Densenet3d(NetworkRow):
    """3D-DenseNet of the UCADI study: three groups of dense layers (C-13, C-14)."""

    dimensions: ClassVar[Literal[2, 3] | None] = 3

    kind: Literal["densenet3d"]
    first_filters: Positive = Field(description="filters of the first convolution (C-14)")
    growth: Positive = Field(description="filters that each dense layer adds (C-14)")
    bottleneck: Positive = Field(
        description="filters of the 1x1x1 convolution of a dense layer, times `growth` (C-14)"
    )
    layers: tuple[Positive, ...] = Field(
        min_length=1, description="[AMB] C-13, C-14: dense layers of each group"
    )
    compression: Positive = Field(
        description="a transition divides the number of channels by it (C-14)"
    )
    slope: Share = Field(description="of LeakyReLU at negative values (C-14)")
    dropblock_size: Positive = Field(description="side of a dropped block, voxels")
    dropblock_rate: Share = Field(description="share of voxels dropped after the first convolution")
    last_dropblock_rate: Share = Field(
        description="share of voxels dropped before the average, at the end of its linear rise"
    )
    last_dropblock_steps: Positive = Field(
        description="training batches over which this share rises from 0"
    )
