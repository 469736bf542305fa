"""radiograph_settings: the typed rows of the synthetic sites of radiographs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import AfterValidator, Field, model_validator

from elsewhere.design.parts import Positive, Row, Share
from elsewhere.phantom.ranges import Counts, Range

FindingName = Literal[
    "Cardiomegaly", "Edema", "Consolidation", "Atelectasis", "Pleural Effusion"
]  # B-05
FINDINGS: tuple[FindingName, ...] = get_args(FindingName)


Findings = TypeVar("Findings", bound="Mapping[FindingName, Listed]")


class Listed(Row):
    """How often a finding is there, and how often the publisher's list lacks it."""

    prevalence: Share = Field(description="share of studies (B-46)")
    missed: Share = Field(description="share of present findings that the labels do not name")


class Mentioned(Listed):
    """How a report speaks of a finding, as far as a label reader understands it (B-18, B-23)."""

    uncertain: Share = Field(description="share of present findings that are hedged: -1")
    suspected: Share = Field(description="share of absent findings that are hedged: -1")
    denied: Share = Field(description="share of absent findings written as absent: 0; else blank")

    @model_validator(mode="after")
    def _shares(self) -> Mentioned:
        _check_at_most_all(self, "uncertain", "missed")
        _check_at_most_all(self, "suspected", "denied")
        return self


def _check_at_most_all(row: Row, *keys: str) -> None:
    total = sum(getattr(row, key) for key in keys)
    if total > 1:
        raise ValueError(f"{' + '.join(keys)} is {total:g}, expected at most 1: they are shares")


def _all_findings(value: Findings) -> Findings:
    missing = [name for name in FINDINGS if name not in value]
    if missing:
        raise ValueError(f"no row for {', '.join(missing)}; add one for each of the five findings")
    return value


class Pacemaker(Row):
    """Share of patients with a pacemaker; unequal shares make it a shortcut (B-45)."""

    with_cardiomegaly: Share
    without: Share


class Radiography(Row):
    """How a site takes its radiographs and what it makes of them; ranges anew for each image."""

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


class Radiographs(Row):
    """What every synthetic site of radiographs has."""

    seed: int
    patients: Positive
    studies_per_patient: Counts
    female: Share
    age_mean: float = Field(description="years (B-06)")
    age_sd: float
    pacemaker: Pacemaker
    radiography: Radiography


class Chexpert(Radiographs):
    """JPEG by patient, study and view; labels 1, 0, -1 or blank."""

    kind: Literal["chexpert"]
    findings: Annotated[dict[FindingName, Mentioned], AfterValidator(_all_findings)]
    lateral: Share = Field(description="share of PA studies with a lateral view too (B-17)")
    validation_patients: Positive = Field(description="of `patients`; read by people: no -1, blank")

    @model_validator(mode="after")
    def _some_for_training(self) -> Chexpert:
        if self.validation_patients >= self.patients:
            raise ValueError(
                f"validation_patients is {self.validation_patients}, expected fewer than "
                f"patients, {self.patients}: the others are for training"
            )
        return self


class Chestxray14(Radiographs):
    """PNG in one folder; labels are a list, what is not on it is negative; frontal only (B-17)."""

    kind: Literal["chestxray14"]
    findings: Annotated[dict[FindingName, Listed], AfterValidator(_all_findings)]
    test: Share = Field(description="share of patients on the official test list")
    rgba: Share = Field(description="share of files with four channels")
    wrong_age: Share = Field(description="share of rows with an age above 120")


class MimicCxrJpg(Radiographs):
    """JPEG by subject and study; labels by study, views and split by image."""

    kind: Literal["mimic_cxr_jpg"]
    findings: Annotated[dict[FindingName, Mentioned], AfterValidator(_all_findings)]
    lateral: Share = Field(description="share of PA studies with a lateral view too")
    unnamed_view: Share = Field(description="share of images with a blank ViewPosition")
    validation: Share = Field(description="share of subjects in the official validation set")
    test: Share = Field(description="share of subjects in the official test set (B-04)")

    @model_validator(mode="after")
    def _shares(self) -> MimicCxrJpg:
        _check_at_most_all(self, "validation", "test")
        return self
