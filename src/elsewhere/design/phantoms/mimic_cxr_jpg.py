"""mimic_cxr_jpg: settings of a synthetic site in the layout of MIMIC-CXR-JPG."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from elsewhere.design.radiograph_phantom_rows import (
    FindingName,
    Mentioned,
    Radiographs,
    all_findings,
    check_at_most_all,
)
from elsewhere.design.rows import Share


class MimicCxrJpg(Radiographs):
    """A synthetic site of JPEG radiographs; labels by study, views and split by image."""

    kind: Literal["mimic_cxr_jpg"]
    findings: Annotated[dict[FindingName, Mentioned], AfterValidator(all_findings)]
    lateral: Share = Field(description="share of PA studies that also have a lateral view")
    unnamed_view: Share = Field(description="share of images with a blank ViewPosition")
    validation: Share = Field(description="share of subjects in the official validation set")
    test: Share = Field(description="share of subjects in the official test set (B-04)")

    @model_validator(mode="after")
    def _shares(self) -> MimicCxrJpg:
        check_at_most_all(self, "validation", "test")
        return self
