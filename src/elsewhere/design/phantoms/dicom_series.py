"""dicom_series: settings of a synthetic site in the layout of DICOM series."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from elsewhere.design.phantom_rows import Volumes
from elsewhere.design.rows import Row, Share


class SyntheticReader(Row):
    """A reader who calls each study."""

    years: Annotated[float, Field(ge=0)]
    right: Share = Field(
        description="share of right calls; the others are any other class of the site's"
    )


class DicomSite(Volumes):
    """A synthetic site of DICOM folders, one per study, and a label table (as UTSW's)."""

    own_labels: ClassVar[bool] = True

    kind: Literal["dicom_series"]
    masks: bool = Field(
        False,
        description="write masks of the lesions, <Series Instance UID>.nii.gz, to the folder "
        "<site>-masks beside that of the site (C-35)",
    )
    readers: tuple[SyntheticReader, ...] = Field(
        (), description="write readers.csv with the calls of these readers (C-30)"
    )

    @property
    def has_masks(self) -> bool:
        """Whether masks of the lesions are written beside the site (C-35)."""
        return self.masks
