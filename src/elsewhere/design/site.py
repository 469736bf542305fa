"""site: settings of sites (title, layout, privacy) and intakes (what their files may be like)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from elsewhere.design import kinds
from elsewhere.design.rows import LayoutOptions, Length, Name, Row, Share


class Site(Row):
    """One hospital or public data set; its files are in data/raw/<name of the row>."""

    title: str = Field(description="name in figures and tables")
    layout: str = Field(description="published layout, see elsewhere/sites")
    privacy: Literal["public", "private"] = Field(
        description="private: keys are hashed with the secret of this machine, paths too"
    )
    synthetic: bool = Field(False, description="made by `elsewhere phantom`; figures say so")
    available: bool = Field(
        True, description="false: the data are not available here (A-78); its cells say so"
    )
    intake: Name = Field("strict", description="row of `intakes`: what its files may be like")
    options: dict[str, Any] = Field(default_factory=dict, description="options of the layout")


def layout_options(site: Site) -> LayoutOptions:
    """Return the options of a site's layout, those that the site does not set included.

    What a scan is may depend on them, so that it is asked of these and never of their class.

    Raises
    ------
    KindError
        If there is no such layout, or its row holds no options of one.
    pydantic.ValidationError
        If an option is unknown or has a wrong value.
    """
    options = kinds.row_class("layouts", site.layout).model_validate(site.options)
    if not isinstance(options, LayoutOptions):
        raise kinds.KindError(f"the row of layout '{site.layout}' is not a LayoutOptions")
    return options


class IntakeRow(Row):
    """How irregular the slices of a volume may be, and what decoding may cost."""

    policy: Literal["strict", "repair"] = Field(
        description="strict: refuse irregular volumes; repair: repair what is safe, and record it"
    )
    same_position_mm: Length = Field(description="slices closer than this have one position")
    spacing_tolerance_mm: Length = Field(
        description="a step may differ from the median step by this much, whatever its size"
    )
    spacing_tolerance: Share = Field(description="and by this share of the median step")
    gap_ratio: Annotated[float, Field(gt=1)] = Field(
        description="a step beyond this many median steps is a gap"
    )
    tilt_tolerance_degrees: Annotated[float, Field(ge=0, lt=90)] = Field(
        description="largest gantry tilt that counts as none"
    )
    cosine_tolerance: Share = Field(
        description="direction cosines of one volume may differ by this much"
    )
    fill_slices: Annotated[int, Field(ge=0)] = Field(
        description="repair: most consecutive missing slices that are interpolated"
    )
    least_slices: Annotated[int, Field(ge=1)] = Field(
        description="a volume of fewer slices is a piece of a chest and refused"
    )
    least_extent_mm: Annotated[float, Field(ge=0)] = Field(
        description="and so is one that is shorter from feet to head, where its spacing is known"
    )
    doubtful_hu: Literal["refuse", "flag"] = Field(
        description="what to do with a volume whose header says HU and whose values do not look "
        "like air and soft tissue, or whose Rescale Type leaves open what they are"
    )
    unclear_geometry: Literal["refuse", "flag"] = Field(
        description="what to do with a volume whose header leaves open how the patient lies, says "
        "two things of it, or gives lengths in another unit than mm"
    )
    rejected_at_most: Share = Field(description="a larger share of rejected files stops the step")
    decode_seconds: Annotated[float, Field(gt=0)] = Field(
        description="longest time that decoding one slice may take"
    )
    decode_gb: Annotated[float, Field(gt=0)] = Field(
        description="most memory that a decoding worker, or the voxels of one scan, may take, "
        "10^9 bytes"
    )
