"""dicom_series: options of the layout DICOM series with a label.csv."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from elsewhere.design.rows import Label, LayoutOptions, Modality


class DicomSeriesOptions(LayoutOptions):
    """How a copy of DICOM series with a label.csv is read."""

    modality: ClassVar[Modality] = "volume"
    own_labels: ClassVar[bool] = True

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
    labels: dict[str, Label] = Field(
        default_factory=dict,
        description="word in the column `label` of label.csv: its label, the position of the class "
        "among the study's `classes` from 0 on. Without it the column holds 0 or 1",
    )
    severities: tuple[str, ...] = Field(
        (),
        description="words that the column `severity` may hold (C-16); one that is given is added "
        "to the category, so that parts of a split are alike in severity. Without them the column "
        "is not used",
    )
    patients: Literal["patient_id", "own"] = Field(
        "patient_id",
        description="names in the column `patient` of label.csv. patient_id: Patient ID of the "
        "files; a row and files that name two patients are refused. own: names of the table's own, "
        "where an anonymiser gave each study of a patient another Patient ID",
    )
    readers: bool = Field(
        False,
        description="readers.csv beside label.csv holds which class readers called each study "
        "(C-30): the column of label.csv that identifies it, reader, years, class",
    )

    @property
    def has_readers(self) -> bool:
        """Whether a table holds what readers called the scans."""
        return self.readers

    @property
    def highest_label(self) -> int:
        """Highest label that the options give to a scan."""
        return max([1, *self.labels.values()])
