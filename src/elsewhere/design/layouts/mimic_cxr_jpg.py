"""mimic_cxr_jpg: options of the layout MIMIC-CXR-JPG."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import LayoutOptions, Modality


class MimicCxrJpgOptions(LayoutOptions):
    """How a copy of MIMIC-CXR-JPG is read."""

    modality: ClassVar[Modality] = "radiograph"
    has_findings: ClassVar[bool] = True

    parts: Annotated[tuple[Literal["train", "validate", "test"], ...], Field(min_length=1)] = Field(
        ("train", "validate", "test"),
        description="parts of the official split to use; images of the others are set aside and "
        "need not be there. B-04 tests on [test]",
    )
