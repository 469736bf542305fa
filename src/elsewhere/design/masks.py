"""masks: settings of which files outline the lesions in the scans of a site (C-35).

Only `outline` reads these rows, and what reads its results: a site that gets masks makes nothing
else stale.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from elsewhere.design.rows import Row

SCAN = "{scan}"


class MaskRow(Row):
    """The masks of the lesions in a site's scans: files in data/raw/<name of the site>-masks."""

    file: str = Field(
        "{scan}.nii.gz",
        description="path of a scan's mask in that folder: NIfTI, NRRD or MetaImage. {scan} stands "
        "for the name of the scan: *Series Instance UID* (0020,000E) of DICOM, study_0255 in "
        "MosMedData, the path of the scan's file in the layout `volumes`",
    )
    lesion: Annotated[tuple[int, ...], Field(min_length=1)] | None = Field(
        None, description="values that mean a lesion; null: all but 0"
    )

    @field_validator("file")
    @classmethod
    def _names_a_scan(cls, file: str) -> str:
        if file.count(SCAN) != 1:
            raise ValueError(f"got '{file}', expected {SCAN} once, such as {SCAN}_mask.nii.gz")
        return file
