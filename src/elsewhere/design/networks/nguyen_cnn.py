"""nguyen_cnn: settings of the 3D CNN of Nguyen et al. 2021."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import NetworkRow, Positive, Share


class NguyenCnn(NetworkRow):
    """3D CNN of Nguyen et al. 2021, Figure 2 (A-27 to A-36)."""

    dimensions: ClassVar[Literal[2, 3] | None] = 3

    kind: Literal["nguyen_cnn"]
    first_filters: Positive = Field(
        description="filters of the first level, doubled at each further level (A-32)"
    )
    pooling: Literal["max", "average", "stride"] = Field(
        description="[AMB] A-36: downsampling operator; stride: that of each level's first "
        "convolution"
    )
    groups: Positive = Field(description="[AMB] A-36: number of groups of every GroupNorm")
    dropblock_size: Positive = Field(description="[AMB] A-36: side of a dropped block, voxels")
    dropblock_rate: Share = Field(description="[AMB] A-36: expected share of dropped voxels")
    dropout_rate: Share = Field(description="[AMB] A-36: dropout of the dense layers")
    dense_features: Positive = Field(description="outputs of each of the four dense layers (A-34)")
