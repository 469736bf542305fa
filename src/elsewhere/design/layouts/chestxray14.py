"""chestxray14: options of the layout ChestX-ray14."""

from __future__ import annotations

from typing import ClassVar

from elsewhere.design.rows import LayoutOptions, Modality


class ChestXray14Options(LayoutOptions):
    """How a copy of ChestX-ray14 is read; there is nothing to choose."""

    modality: ClassVar[Modality] = "radiograph"
    has_findings: ClassVar[bool] = True
