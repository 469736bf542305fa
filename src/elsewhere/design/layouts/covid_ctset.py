"""covid_ctset: options of the layout COVID-CTset."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import LayoutOptions, Modality


class CovidCtsetOptions(LayoutOptions):
    """How a copy of COVID-CTset is read."""

    modality: ClassVar[Modality] = "volume"

    first_slice: Literal["head", "feet"] = Field(
        "head",
        description="[AMB] end of the patient that the lowest image number shows; the positions "
        "that the tables give for image 1 lie around the start of the scout, hence the head",
    )
