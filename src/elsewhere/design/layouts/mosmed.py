"""mosmed: options of the layout MosMedData."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import LayoutOptions, Modality


class MosmedOptions(LayoutOptions):
    """How a copy of MosMedData is read."""

    modality: ClassVar[Modality] = "volume"

    leave_out: tuple[Literal["CT-0", "CT-1", "CT-2", "CT-3", "CT-4"], ...] = Field(
        (),
        description="categories not used, such as CT-0, which may hold positives and negatives "
        "(A-08)",
    )
