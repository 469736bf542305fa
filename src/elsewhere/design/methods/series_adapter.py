"""series_adapter: row of the method with residual adapters in series; no settings."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.rows import MethodRow


class SeriesAdapter(MethodRow):
    """Each site has residual adapters after convolutions (Rebuffi et al. 2017; D-18)."""

    kind: Literal["series_adapter"]
