"""dicom_series: settings of a synthetic site in the layout of DICOM series."""

from __future__ import annotations

from typing import ClassVar, Literal

from elsewhere.design.phantom_rows import Volumes


class DicomSite(Volumes):
    """A synthetic site of DICOM folders, one per study, and a label table (as UTSW's)."""

    own_labels: ClassVar[bool] = True

    kind: Literal["dicom_series"]
