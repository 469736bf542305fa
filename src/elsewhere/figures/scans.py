"""scans: the scans of one site with their images and grey values, for figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere.design.rows import Modality
from elsewhere.design.site import Site

LUNG_WINDOW_HU = (-1350.0, 150.0)


@dataclass(frozen=True)
class Scans:
    """Scans of one site: manifest and profile joined, volumes, and the histograms' edges."""

    site: Site
    table: pd.DataFrame
    volumes: Path
    edges: Mapping[str, Any]

    @property
    def modality(self) -> Modality | None:
        """What its scans are; None without a scan."""
        if self.table.empty:
            return None
        if (self.table["view"] != "none").any():
            return "radiograph"
        return "volume" if (self.table["n_slices"] > 1).any() else "slice"
