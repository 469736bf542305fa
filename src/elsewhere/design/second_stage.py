"""second_stage: settings of a study that classifies further what another study calls of a class."""

from __future__ import annotations

from pydantic import Field

from elsewhere.design.rows import Name, Row


class SecondStage(Row):
    """Another study, whose calls decide which scans this one classifies further (C-16).

    This study keeps the parts of the other's split, so that no model was trained on a scan that
    either of them tests.
    """

    study: Name
    arm: Name = Field(description="of that study; its models call the scans")
    called: str = Field(
        description="class of that study: test scans that it calls so are scored, others are not"
    )
