"""labelled: options that the two general layouts share: labels from label.csv or class folders."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from elsewhere.design.rows import Label, LayoutOptions, Name


class LabelledOptions(LayoutOptions):
    """Where the labels and the patients of a general layout come from."""

    own_labels: ClassVar[bool] = True

    classes: dict[str, Label] = Field(
        default_factory=dict,
        description="folder at the top of the site: label of all scans in it. Without it label.csv "
        "needs a column `label`, or options.findings",
    )
    labels: dict[str, Label] = Field(
        default_factory=dict,
        description="word in the column `label` of label.csv: its label, the position of the class "
        "among the study's `classes` from 0 on. Without it the column holds 0 or 1",
    )
    findings: tuple[Name, ...] = Field(
        (),
        description="columns of label.csv that hold one finding each (1, 0, -1 uncertain, empty: "
        "not mentioned); scans then have findings instead of a label",
    )
    categories: tuple[str, ...] = Field(
        (),
        description="words that the column `category` of label.csv may hold; they reach the "
        "manifest and every figure. Without them the category is the class folder, or positive or "
        "negative",
    )
    patient_pattern: str | None = Field(
        None,
        description="regular expression whose first group, in a scan's path below the site's "
        "folder, is the patient; null: the column `patient` of label.csv",
    )
    patient_key: Literal["required", "none"] = Field(
        "required",
        description="none: nothing says whose scan it is; each then counts as a patient of its "
        "own, and every result says so",
    )
    leave_out: tuple[str, ...] = Field(
        (),
        description="patterns of paths that are no scans, such as *_mask.nii.gz or previews/*",
    )

    @property
    def highest_label(self) -> int:
        """Highest label that the options give to a scan."""
        return max([1, *self.classes.values(), *self.labels.values()])

    @property
    def has_findings(self) -> bool:  # type: ignore[override]  # elsewhere the same at each site
        """Whether scans have findings instead of a label."""
        return bool(self.findings)

    @field_validator("patient_pattern")
    @classmethod
    def _has_a_group(cls, pattern: str | None) -> str | None:
        if pattern is None:
            return None
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        if not groups:
            raise ValueError(r"has no group that holds the patient, such as ^(\w+)_")
        return pattern

    @model_validator(mode="after")
    def _one_source_of_labels(self) -> LabelledOptions:
        if self.findings and (self.classes or self.labels):
            which = "classes" if self.classes else "labels"
            raise ValueError(f"{which} and findings exclude each other: choose one")
        if self.patient_pattern is not None and self.patient_key == "none":
            raise ValueError("patient_pattern says who the patient is: leave out patient_key")
        return self
