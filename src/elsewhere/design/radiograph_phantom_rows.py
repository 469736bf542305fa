"""radiograph_phantom_rows: settings that kinds of synthetic radiographs share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar, get_args

from pydantic import Field, model_validator

from elsewhere.design.phantom_rows import PhantomRow
from elsewhere.design.ranges import Counts, Range
from elsewhere.design.rows import Positive, Row, Share

FindingName = Literal[
    "Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion"
]  # B-05
FINDINGS: tuple[FindingName, ...] = get_args(FindingName)


Findings = TypeVar("Findings", bound="Mapping[FindingName, Listed]")


class Listed(Row):
    """How often a finding is present, and how often the publisher's labels miss it."""

    prevalence: Share = Field(description="share of studies (B-46)")
    missed: Share = Field(description="share of present findings that the labels do not name")


class Mentioned(Listed):
    """How reports mention a finding, in terms of an automatic labeller (B-18, B-23)."""

    uncertain: Share = Field(description="share of present findings that are hedged: -1")
    suspected: Share = Field(description="share of absent findings that are hedged: -1")
    denied: Share = Field(description="share of absent findings written as absent: 0; else blank")

    @model_validator(mode="after")
    def _shares(self) -> Mentioned:
        check_at_most_all(self, "uncertain", "missed")
        check_at_most_all(self, "suspected", "denied")
        return self


def check_at_most_all(row: Row, *keys: str) -> None:
    """Raise ValueError if the sum of these shares is above 1."""
    total = sum(getattr(row, key) for key in keys)
    if total > 1:
        raise ValueError(
            f"{' + '.join(keys)} is {total:g}, expected at most 1: they are shares of one whole"
        )


def all_findings(value: Findings) -> Findings:
    """Return the table of findings; raise ValueError if a finding is missing."""
    missing = [name for name in FINDINGS if name not in value]
    if missing:
        raise ValueError(f"no row for {', '.join(missing)}; add one for each of the five findings")
    return value


class Pacemaker(Row):
    """Share of patients with a pacemaker; unequal shares make it a shortcut (B-45)."""

    with_cardiomegaly: Share
    without: Share


class Radiography(Row):
    """How a site takes and exports its radiographs; ranges are drawn anew for each image."""

    portable: Share = Field(description="share of studies at the bedside, AP; the others PA")
    rows_px: Counts
    columns_px: Counts
    field_of_view_mm: Range = Field(description="longer side of the detector")
    quanta: Range = Field(description="per pixel where nothing is in the way; fewer, more noise")
    scatter: Range = Field(description="scattered to primary radiation, behind the patient")
    blur_mm: Range = Field(description="standard deviation of focal spot and detector")
    gamma: Range = Field(description="of the film curve; above 1 the lungs are darker")
    equalised: Share = Field(description="0: film curve only; 1: grey values are ranks")
    collimated: Share = Field(description="share of images with shutter edges")
    marker: Literal["L", "R"] = Field(description="letter burnt in at that side of the patient")


class Radiographs(PhantomRow):
    """Settings of every synthetic site with radiographs."""

    patients: Positive
    studies_per_patient: Counts
    female: Share
    age_mean: float = Field(description="years (B-06)")
    age_sd: float
    pacemaker: Pacemaker
    radiography: Radiography
    findings: Mapping[FindingName, Listed]
