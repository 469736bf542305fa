"""parallel_adapter: settings of parallel adapters."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.rows import MethodRow


class ParallelAdapter(MethodRow):
    """Every site has residual adapters beside the convolutions (Rebuffi et al. 2018; D-18)."""

    kind: Literal["parallel_adapter"]
