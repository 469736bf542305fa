from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from elsewhere.design.site import Site
from elsewhere.figures.scans import Scans


@pytest.mark.parametrize(
    ("slices", "views", "modality"),
    [
        ([30, 1], ["none", "none"], "volume"),
        ([1, 1], ["none", "none"], "slice"),
        ([1, 1], ["PA", "unknown"], "radiograph"),
        ([], [], None),
    ],
)
def test_scans_are_what_their_manifest_says(
    slices: list[int], views: list[str], modality: str | None
) -> None:
    site = Site(title="A", layout="mosmed", privacy="public")
    scans = Scans(site, pd.DataFrame({"n_slices": slices, "view": views}), Path(), {})
    assert scans.modality == modality
