"""cc_ccii: options of the layout CC-CCII."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import LayoutOptions, Modality


class CcCciiOptions(LayoutOptions):
    """How a copy of CC-CCII is read."""

    modality: ClassVar[Modality] = "volume"

    gaps: Literal["keep", "reject"] = Field(
        "keep",
        description="of a scan whose slice numbers skip some; keep: A-20 and A-21 count 4,178 "
        "scans, nearly all that were published, so the paper kept them",
    )
    first_slice: Literal["head", "feet"] = Field(
        "head",
        description="end of the patient that slice number 0 shows; the publisher does not say it",
    )
