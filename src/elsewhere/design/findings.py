"""findings: what a study of several labels a scan makes of the findings of its sites."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elsewhere.design.rows import Name, Row

View = Literal["PA", "AP", "lateral", "frontal", "unknown", "none"]


class Finding(Row):
    """One label of a study of findings."""

    title: str = Field(description="name in figures and tables")
    uncertain: Literal["positive", "negative", "ignore"] = Field(
        description="B-18: what an uncertain mention counts as; ignore: the scan has no label "
        "for this finding"
    )


class Findings(Row):
    """The labels that a study makes of what sites say of a scan (B-05, B-17, B-18, B-23).

    A finding that a site does not annotate at all has no label there, whatever stands here.
    """

    labels: dict[Name, Finding] = Field(min_length=1, description="finding: how it is read")
    blank: Literal["negative", "ignore"] = Field(
        description="B-23: what a finding that a report does not mention counts as"
    )
    views: tuple[View, ...] = Field(
        min_length=1, description="B-17: scans of other views are left out"
    )
