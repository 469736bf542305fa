"""covidnet_sizes: the settings that COVID-Net and its redesign share."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import NetworkRow, Positive


class CovidnetSizes(NetworkRow):
    """The settings that COVID-Net and its redesign share."""

    dimensions: ClassVar[Literal[2, 3] | None] = 2

    activation: Literal["none", "relu"] = Field(
        description="[AMB] between the convolutions of a PEPX block: released code has none"
    )
    width: Annotated[float, Field(gt=0, le=1)] = Field(description="share of the paper's channels")
    dense_features: tuple[Positive, Positive] = Field(description="the two hidden dense layers")
