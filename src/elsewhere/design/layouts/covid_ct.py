"""covid_ct: options of the layout COVID-CT."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.rows import LayoutOptions, Modality


class CovidCtOptions(LayoutOptions):
    """How a copy of COVID-CT is read; there is nothing to choose."""

    modality: ClassVar[Modality] = "slice"
