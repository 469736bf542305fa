"""covid_ct: settings of a synthetic site in the layout of COVID-CT."""

from __future__ import annotations

from typing import Literal

from elsewhere.design.phantom_rows import Images


class CovidCt(Images):
    """A synthetic site of PNG and JPEG slices with two patient tables."""

    kind: Literal["covid_ct"]
