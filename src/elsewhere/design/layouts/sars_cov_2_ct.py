"""sars_cov_2_ct: options of the layout SARS-CoV-2 CT."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.rows import LayoutOptions, Modality


class SarsCov2CtOptions(LayoutOptions):
    """How a copy of SARS-CoV-2 CT is read; there is nothing to choose."""

    modality: ClassVar[Modality] = "slice"
