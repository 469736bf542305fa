"""dicom_series: options of the layout DICOM series with a label.csv."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import LayoutOptions, Modality


class DicomSeriesOptions(LayoutOptions):
    """How a copy of DICOM series with a label.csv is read."""

    modality: ClassVar[Modality] = "volume"

    series: Literal["all", "most_slices"] = Field(
        "all",
        description="volumes of a study that become scans: all, or the one with the most slices "
        "that can be used (A-18: one scan a patient)",
    )
    categories: tuple[str, ...] = Field(
        (),
        description="words that the column `category` may hold. They reach the manifest and every "
        "figure, so they are declared here, where they are reviewed; without them the category is "
        "positive or negative and the column is not used",
    )
