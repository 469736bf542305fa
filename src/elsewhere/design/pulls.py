"""pulls: settings of which studies of a site are fetched, and from which archive.

No step reads these rows: a new host name makes no result stale; only changed files do.
"""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from elsewhere.design.rows import Name, Positive, Row


class PullRow(Row):
    """Which studies and series are fetched for a site, and from where."""

    archive: Name = Field(description="row of `archives`")
    worklist: str = Field(description="CSV file: study, accession or patient, and label")
    modalities: tuple[str, ...] = Field(
        min_length=1, description="series of these *Modality* (0008,0060) only"
    )
    description: str | None = Field(
        None, description="series whose description matches this regular expression, any case"
    )
    least_instances: Positive = Field(description="smaller series are not fetched (localizers)")

    @field_validator("description")
    @classmethod
    def _expression(cls, text: str | None) -> str | None:
        try:
            re.compile(text or "")
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from error
        return text
