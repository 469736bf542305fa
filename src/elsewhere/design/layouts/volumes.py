"""volumes: options of the general layout of volumes in NIfTI, NRRD or MetaImage files."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from elsewhere.design.labelled import LabelledOptions
from elsewhere.design.rows import Modality


class VolumesOptions(LabelledOptions):
    """How a folder of volumes is read."""

    modality: ClassVar[Modality] = "volume"

    values: Literal["hu", "grey"] = Field(
        "hu",
        description="what voxels hold: Hounsfield units of CT, or intensities without a unit, as "
        "of MR; those are stretched from each volume's own range where they are no integers",
    )
