"""series_adapter: settings of series adapters."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.rows import MethodRow


class SeriesAdapter(MethodRow):
    """Every site has residual adapters after the convolutions (Rebuffi et al. 2017; D-18)."""

    kind: Literal["series_adapter"]
