"""covid_ctset: settings of a synthetic site in the layout of COVID-CTset."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.phantom_rows import Volumes


class CovidCtset(Volumes):
    """A synthetic site of 16-bit TIFF slices, with three series per patient."""

    kind: Literal["covid_ctset"]
