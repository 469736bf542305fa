"""covid_ctset: settings of a synthetic site in the layout of COVID-CTset."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.phantom_rows import Volumes


class CovidCtset(Volumes):
    """16-bit TIFF slices, three series a patient."""

    kind: Literal["covid_ctset"]
