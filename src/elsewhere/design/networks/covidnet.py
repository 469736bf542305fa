"""covidnet: settings of COVID-Net as published."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.covidnet_sizes import CovidnetSizes


class Covidnet(CovidnetSizes):
    """COVID-Net as published: no normalisation, no average before the dense layers (D-07)."""

    kind: Literal["covidnet"]
