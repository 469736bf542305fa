"""covidnet_redesign: settings of COVID-Net as Wang et al. 2020 redesigned it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elsewhere.design.covidnet_sizes import CovidnetSizes


class CovidnetRedesign(CovidnetSizes):
    """COVID-Net as Wang et al. 2020 redesigned it (D-07 to D-10)."""

    kind: Literal["covidnet_redesign"]
    dense_norm: Literal["none", "batch"] = Field(
        "none",
        description="[AMB] D-08: batch normalisation of the two hidden dense layers, which the "
        "released code has as an option and the paper does not count among its five",
    )
    averaged: Literal["last_block", "stage"] = Field(
        "last_block",
        description="[AMB] D-09: what the average pooling takes from the last stage: the output of "
        "its last block, as the released code does, or the sum of all its outputs",
    )
