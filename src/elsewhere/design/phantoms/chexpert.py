"""chexpert: settings of a synthetic site in the layout of CheXpert."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from elsewhere.design.radiograph_phantom_rows import (
    FindingName,
    Mentioned,
    Radiographs,
    all_findings,
)
from elsewhere.design.rows import Positive, Share


class Chexpert(Radiographs):
    """A synthetic site of JPEG radiographs by patient, study and view; labels 1, 0, -1, blank."""

    kind: Literal["chexpert"]
    findings: Annotated[dict[FindingName, Mentioned], AfterValidator(all_findings)]
    lateral: Share = Field(description="share of PA studies that also have a lateral view (B-17)")
    validation_patients: Positive = Field(
        description="number of `patients` whom radiologists label: no -1, no blank"
    )

    @model_validator(mode="after")
    def _some_for_training(self) -> Chexpert:
        if self.validation_patients >= self.patients:
            raise ValueError(
                f"validation_patients is {self.validation_patients}, expected less than "
                f"patients, {self.patients}: the others are for training"
            )
        return self
