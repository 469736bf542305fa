"""site_profile: what tells the scans of one site from those of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from elsewhere.design.figure_rows import Caption, FigureRow


class SiteProfile(FigureRow):
    """How the scans of sites differ."""

    order: ClassVar[int] = 190
    reads: ClassVar[tuple[str, ...]] = ("manifest", "profile", "volumes")
    captions: ClassVar[Mapping[str, Caption]] = {
        "site_profile": Caption(
            "Site profiles",
            "Images of the first patients, grey values and scanners of each site (A-06, A-09, "
            "A-11); of CT also the noise in air and lung, of volumes the slices and their "
            "distance.",
            "ingest",
        ),
    }
