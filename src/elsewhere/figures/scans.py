"""scans: the scans of one site with their images and grey values, for figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from elsewhere.design.rows import Modality
from elsewhere.design.site import Site
from elsewhere.files import unescaped

LUNG_WINDOW_HU = (-1350.0, 150.0)


class Lesions(NamedTuple):
    """The slice of a scan with most of its lesions; row and column of the largest ones in it."""

    slice: int
    at: tuple[tuple[int, int], ...]


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


def lesions(outlined: Path) -> dict[str, Lesions]:
    """Return the lesions of each scan in the account of a site's masks, as `outline` writes it.

    A mask without use has a reason and no lesions.
    """
    rows = pd.read_csv(outlined, dtype=str, keep_default_na=False).to_dict("records")
    return {
        unescaped(row["scan_id"]): Lesions(int(row["lesion_slice"]), _places(row["lesion_at"]))
        for row in rows
        if not row["reason"]
    }


def _places(text: str) -> tuple[tuple[int, int], ...]:
    pairs = (place.split() for place in text.split(";"))
    return tuple((int(row), int(column)) for row, column in pairs)
