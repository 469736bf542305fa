"""chestxray14: settings of a synthetic site in the layout of ChestX-ray14."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from elsewhere.design.radiograph_phantom_rows import FindingName, Listed, Radiographs, all_findings
from elsewhere.design.rows import Share


class Chestxray14(Radiographs):
    """A synthetic site of frontal PNG radiographs; findings not listed are negative (B-17)."""

    kind: Literal["chestxray14"]
    findings: Annotated[dict[FindingName, Listed], AfterValidator(all_findings)]
    test: Share = Field(description="share of patients on the official test list")
    rgba: Share = Field(description="share of files with four channels")
    wrong_age: Share = Field(description="share of rows with an age above 120")
