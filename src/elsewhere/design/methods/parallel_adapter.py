"""parallel_adapter: row of the method with parallel residual adapters; no settings."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.rows import MethodRow


class ParallelAdapter(MethodRow):
    """Each site has residual adapters parallel to convolutions (Rebuffi et al. 2018; D-18)."""

    kind: Literal["parallel_adapter"]
