"""chexpert: options of the layout CheXpert."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import LayoutOptions, Modality


class CheXpertOptions(LayoutOptions):
    """How a copy of CheXpert is read."""

    modality: ClassVar[Modality] = "radiograph"
    has_findings: ClassVar[bool] = True

    parts: Annotated[tuple[Literal["train", "valid"], ...], Field(min_length=1)] = Field(
        ("train", "valid"),
        description="tables to use; images of the other are set aside. B-02 counts train.csv alone",
    )
