"""images: options of the general layout of single images, such as radiographs in JPEG."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elsewhere.design.labelled import LabelledOptions
from elsewhere.design.rows import Modality


class ImagesOptions(LabelledOptions):
    """How a folder of images is read."""

    shows: Literal["slice", "radiograph"] = Field(
        "slice",
        description="what an image is: a slice of a volume, or a radiograph, which has a view",
    )
    colour: Literal["reject", "luma"] = Field(
        "reject",
        description="images whose channels differ: rejected, or weighted to one grey",
    )
    sixteen_bit: Literal["reject", "stretch"] = Field(
        "reject",
        description="greys beyond 8 bits: rejected, or stretched from each image's own range to "
        "0..255",
    )

    @property
    def modality(self) -> Modality:  # type: ignore[override]  # elsewhere the same at each site
        """What a scan is."""
        return self.shows
