"""covidnet_redesign: settings of COVID-Net as Wang et al. 2020 redesigned it."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.covidnet_sizes import CovidnetSizes


class CovidnetRedesign(CovidnetSizes):
    """COVID-Net as Wang et al. 2020 redesigned it (D-07 to D-10)."""

    kind: Literal["covidnet_redesign"]
