"""phantom_rows: settings that kinds of synthetic CT share: patients, lesions and scanners."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from elsewhere.design.ranges import Counts, Range
from elsewhere.design.rows import Label, Positive, Row, Share


class PhantomRow(Row):
    """Base of the rows of `phantoms`: the settings of one synthetic site."""

    kind: str
    seed: int

    @property
    def has_masks(self) -> bool:
        """Whether masks of the lesions are written beside the site (C-35)."""
        return False


class Finding(Row):
    """Lesions of one kind."""

    count: Counts
    radius_mm: Range
    hu: Range


class Interstitial(Row):
    """A net of thickened walls between lung lobules, all over both lungs."""

    spacing_mm: Range = Field(description="typical distance of walls")
    thickness_mm: Range
    hu: Range
    haze_hu: Range = Field((0.0, 0.0), description="added to the lung between the walls")


class Category(Row):
    """One class of the publisher: its number of patients and their lesions."""

    label: Label
    patients: Positive
    word: str | None = Field(None, description="what label.csv says; null: the number")
    severity: str | None = Field(None, description="what label.csv says of severity; null: nothing")
    scanned_as: Literal["positive", "negative"] | None = Field(
        None, description="whose acquisition these patients have; null: negative for label 0"
    )
    ground_glass: Finding | None = Field(None, description="COVID-19: bilateral, peripheral, low")
    consolidation: Finding | None = Field(None, description="hard negative: dense, one-sided")
    nodules: Finding | None = Field(None, description="hard negative: small, dense, anywhere")
    interstitial: Interstitial | None = Field(
        None, description="other viral pneumonia: diffuse, in both lungs"
    )

    @property
    def positive(self) -> bool:
        """Whether these patients have the acquisition of positives."""
        return bool(self.label) if self.scanned_as is None else self.scanned_as == "positive"


class Reconstruction(Row):
    """One reconstruction kernel; the slice distance is thickness times the site's factor."""

    manufacturer: str
    kernel: str
    thickness_mm: Annotated[float, Field(gt=0)]
    blur_mm: Range = Field(description="in-plane standard deviation of the kernel")
    noise_hu: Range
    grain_mm: Annotated[float, Field(ge=0)] = Field(description="correlation length of the noise")


class Acquisition(Row):
    """How patients are scanned and images exported; ranges are drawn anew for each scan."""

    reconstructions: tuple[Reconstruction, ...] = Field(
        min_length=1, description="taken in turn by patient and scan"
    )
    field_of_view_mm: Range
    contrast: Share = Field(description="share of scans with contrast agent")
    enhancement_hu: Range = Field(description="of heart and vessels when there is contrast agent")
    inspiration: Range = Field(description="0: full expiration, small dense lungs; 1: full")
    masked: Share = Field(description="share of scans with everything outside the body removed")
    window_hu: Range | None = Field(None, description="8-bit exports: HU of grey 0 and of grey 255")

    @property
    def window(self) -> tuple[float, float]:
        """Window of an 8-bit export; ValueError if the row has none."""
        if self.window_hu is None:
            raise ValueError("window_hu is missing: 8-bit images need [HU of grey 0, of grey 255]")
        return self.window_hu


class Phantom(PhantomRow):
    """Settings of every synthetic CT site; `confounding` causes poor generalization (A-75).

    Attributes
    ----------
    own_labels
        Whether its layout takes labels from the user; others have 0 and 1, and words of their own.
    """

    own_labels: ClassVar[bool] = False

    confounding: Share = Field(
        description="share of patients whose acquisition depends on their label; the others get "
        "either at random; 0 makes acquisition independent of the label"
    )
    age_years: Range
    categories: dict[str, Category] = Field(min_length=1)
    acquisition_positive: Acquisition
    acquisition_negative: Acquisition

    @model_validator(mode="after")
    def _labels_fit(self) -> Phantom:
        for name, category in self.categories.items():
            own = category.label > 1 or category.word is not None or category.severity is not None
            if own and not self.own_labels:
                raise ValueError(
                    f"categories.{name}: this layout has the labels 0 and 1 and its publisher's "
                    "words; leave out word and severity, or choose kind: dicom_series"
                )
        return self


class Volumes(Phantom):
    """A synthetic site of 3D scans."""

    matrix: Positive = Field(description="rows and columns")
    reduced_matrix: Positive = Field(description="rows and columns of a few scans (A-10)")
    reduced: Share = Field(description="share of scans with the reduced matrix")
    spacing_factor: Annotated[float, Field(ge=1)] = Field(
        description="slice distance / thickness; above 1 there are gaps between slices"
    )


class Images(Phantom):
    """A synthetic site of single 8-bit slices."""

    images_per_patient: Counts
    side_px: Counts = Field(description="shorter and longer side of an image lie in this range")

    @model_validator(mode="after")
    def _windows(self) -> Images:
        need_windows(self)
        return self


def need_windows(row: Phantom) -> None:
    """Raise ValueError unless both acquisitions have a window from HU to grey values."""
    for acquisition in (row.acquisition_positive, row.acquisition_negative):
        _ = acquisition.window
