"""findings: settings of a study whose scans have several findings instead of one label."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elsewhere.design.rows import Name, Row

View = Literal["PA", "AP", "lateral", "frontal", "unknown", "none"]


class Finding(Row):
    """One finding that a study classifies."""

    title: str = Field(description="name in figures and tables")
    uncertain: Literal["positive", "negative", "ignore"] = Field(
        description="B-18: label for an uncertain mention; ignore: the scan has no label "
        "for this finding"
    )


class Findings(Row):
    """How a study turns the findings of its sites into labels (B-05, B-17, B-18, B-23).

    A finding that a site does not annotate at all has no label at this site, whatever these
    settings are.
    """

    labels: dict[Name, Finding] = Field(
        min_length=1, description="name of each finding, and how its mentions become labels"
    )
    blank: Literal["negative", "ignore"] = Field(
        description="B-23: label for a finding that the report does not mention"
    )
    views: tuple[View, ...] = Field(
        min_length=1, description="B-17: scans of other views are left out"
    )
